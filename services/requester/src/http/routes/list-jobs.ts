import { type AnswerOf, apiRoutes, buckets, queryLimits, toWire } from "@shoal/proto";
import { z } from "zod";
import { type JobPage, type JobQuery, jobOrders } from "../../catalog/catalog.ts";
import { pageBytes } from "../../catalog/page-reader.ts";
import { parseSelector } from "../../catalog/selector.ts";
import { pageLimitHeader, readToken, writeToken } from "../../wire/page-token.ts";
import type { ApiContext } from "../api-context.ts";
import { defineHandler } from "../route-handler.ts";

// Greater than the length of any job id.
const jobIdChars = 256;

// A token carries the order of its list: it overrides the query.
const Place = z.strictObject({
  order: z.enum(jobOrders),
  reverse: z.boolean(),
  limit: z.int().min(1).max(queryLimits.pageItemsMax),
  at: z.number().min(0),
  jobId: z.string().min(1).max(jobIdChars),
});

// How long the search for a rare label continues: the client is answered with what was found, and where to continue.
const searchMs = 5_000;

interface FoundJobs {
  readonly pieces: readonly Uint8Array[];
  readonly next: JobPage["next"];
  readonly position: number;
}

/**
 * As many jobs as requested, if they exist and fit a page: the search for a rare label continues for some time, and other
 * lists are read in between.
 */
async function fullPage({ catalog, clock }: ApiContext, query: JobQuery): Promise<FoundJobs> {
  const until = clock.now() + searchMs;
  const pieces: Uint8Array[] = [];
  let [count, bytes, position] = [0, 0, 0];
  for (let after = query.after; ; ) {
    const rest = { ...query, ...(after === undefined ? {} : { after }), limit: query.limit - count };
    const page = await catalog.list(rest);
    if (page.count > 0) pieces.push(page.json);
    count += page.count;
    bytes += page.json.byteLength;
    position = Math.max(position, page.position);
    after = page.next;
    if (after === undefined || count === query.limit || bytes >= pageBytes || clock.now() >= until)
      return { pieces, next: after, position };
  }
}

const orderOf = { created_at: "createTime", modified_at: "modifyTime" } as const;

export const listJobs = defineHandler(apiRoutes.listJobs, async ({ query, position, reflects, reply }, context) => {
  const place = readToken(Place, query.nextToken);
  const how = place ?? { order: orderOf[query.orderBy], reverse: query.reverse, limit: query.limit };
  const { order, reverse, limit } = how;
  const { namespace } = query;
  await context.positions.reach(position);
  const page = await fullPage(context, {
    ...(namespace === undefined || namespace === "*" ? {} : { namespace }),
    ...(query.labels === "" ? {} : { labels: parseSelector(query.labels) }),
    ...(place === undefined ? {} : { after: { at: place.at, jobId: place.jobId } }),
    order,
    reverse,
    limit,
  });
  reflects(Math.max(position, page.position));
  reply.header(pageLimitHeader, limit);
  const frame = {
    nextToken: page.next === undefined ? "" : writeToken({ order, reverse, limit, ...page.next }),
    items: [],
    // Absent otherwise: jobs may be missing here.
    ...(context.cluster.isRebuilding(buckets.jobs) ? { rebuilding: true } : {}),
  };
  return reply.type("application/json; charset=utf-8").send(withItems(frame, page.pieces));
});

const [open, comma] = [Buffer.from('"Items":['), Buffer.from(",")];

/** The answer with its items as the index has them: reading and writing them again would block other requests. */
function withItems(frame: AnswerOf<typeof apiRoutes.listJobs>, pieces: readonly Uint8Array[]): Buffer {
  const [head = "", tail = ""] = JSON.stringify(toWire(apiRoutes.listJobs.answer, frame)).split('"Items":[');
  const items = pieces.flatMap((piece, index) => (index === 0 ? [piece] : [comma, piece]));
  return Buffer.concat([Buffer.from(head), open, ...items, Buffer.from(tail)]);
}
