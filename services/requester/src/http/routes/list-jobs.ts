import { setImmediate } from "node:timers/promises";
import { buckets, JobEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { type Catalog, type JobPage, type JobQuery, jobOrders } from "../../catalog/catalog.ts";
import { parseSelector } from "../../catalog/selector.ts";
import { pageLimitHeader, readToken, writeToken } from "../../wire/page-token.ts";
import { apiLimits } from "../limits.ts";
import { flag, joined, limit, oneOf, text } from "../query.ts";
import { defineRoute } from "../route-handler.ts";

// A token carries the order it belongs to: once given, it overrides what the query says.
const Place = z.strictObject({
  order: z.enum(jobOrders),
  reverse: z.boolean(),
  limit: z.int().min(1).max(apiLimits.pageItemsMax),
  at: z.number().min(0),
  jobId: z.string().min(1).max(apiLimits.tokenChars),
});

// How often the catalog is asked for one page: each time it looks at `scannedMax` jobs at most, so a million of them.
const looksMax = 100;

/** As many jobs as were asked for, if there are: a rare label is looked for further, and others are served between the looks. */
async function fullPage(catalog: Catalog, query: JobQuery): Promise<JobPage> {
  let page = catalog.list(query);
  for (let look = 1; look < looksMax && page.next !== undefined && page.items.length < query.limit; look++) {
    await setImmediate();
    const more = catalog.list({ ...query, after: page.next, limit: query.limit - page.items.length });
    page = {
      items: [...page.items, ...more.items],
      next: more.next,
      position: Math.max(page.position, more.position),
    };
  }
  return page;
}

const orderOf = { created_at: "createTime", modified_at: "modifyTime" } as const;

export const listJobs = defineRoute({
  name: "list-jobs",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs",
  does: "Lists jobs in the order of their times, a page at a time. A page is shorter than its limit only when it is the last one, or when a million jobs do not meet the labels.",
  query: z.object({
    namespace: text(),
    limit: limit(),
    next_token: text(),
    order_by: oneOf(["created_at", "modified_at"]),
    reverse: flag(),
    labels: joined(),
  }),
  async answer({ query, position, reflects, reply }, context) {
    const place = readToken(Place, query.next_token);
    const how = place ?? { order: orderOf[query.order_by], reverse: query.reverse, limit: query.limit };
    const { order, reverse, limit } = how;
    const { namespace } = query;
    await context.positions.reach(position);
    const {
      items,
      next,
      position: shown,
    } = await fullPage(context.catalog, {
      ...(namespace === undefined || namespace === "*" ? {} : { namespace }),
      ...(query.labels === "" ? {} : { wants: parseSelector(query.labels) }),
      ...(place === undefined ? {} : { after: { at: place.at, jobId: place.jobId } }),
      order,
      reverse,
      limit,
    });
    reflects(Math.max(position, shown));
    reply.header(pageLimitHeader, limit);
    return {
      NextToken: next === undefined ? "" : writeToken({ order, reverse, limit, ...next }),
      // Absent otherwise: jobs may be missing here.
      ...(context.cluster.isRebuilding(buckets.jobs) ? { Rebuilding: true } : {}),
      Items: items.map((job) => toWire(JobEntity, job)),
    };
  },
});
