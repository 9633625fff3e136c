import { setImmediate } from "node:timers/promises";
import { apiRoutes, buckets, queryLimits } from "@shoal/proto";
import { z } from "zod";
import { type Catalog, type JobPage, type JobQuery, jobOrders } from "../../catalog/catalog.ts";
import { parseSelector } from "../../catalog/selector.ts";
import { pageLimitHeader, readToken, writeToken } from "../../wire/page-token.ts";
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

// The maximum number of catalog reads for one page: each scans `scannedMax` jobs at most, so a million in all.
const readsMax = 100;

/**
 * As many jobs as requested, if they exist: the search for a rare label continues, and other requests are served
 * between the reads.
 */
async function fullPage(catalog: Catalog, query: JobQuery): Promise<JobPage> {
  let page = catalog.list(query);
  for (let reads = 1; reads < readsMax && page.next !== undefined && page.items.length < query.limit; reads++) {
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

export const listJobs = defineHandler(apiRoutes.listJobs, async ({ query, position, reflects, reply }, context) => {
  const place = readToken(Place, query.nextToken);
  const how = place ?? { order: orderOf[query.orderBy], reverse: query.reverse, limit: query.limit };
  const { order, reverse, limit } = how;
  const { namespace } = query;
  await context.positions.reach(position);
  const page = await fullPage(context.catalog, {
    ...(namespace === undefined || namespace === "*" ? {} : { namespace }),
    ...(query.labels === "" ? {} : { wants: parseSelector(query.labels) }),
    ...(place === undefined ? {} : { after: { at: place.at, jobId: place.jobId } }),
    order,
    reverse,
    limit,
  });
  reflects(Math.max(position, page.position));
  reply.header(pageLimitHeader, limit);
  return {
    nextToken: page.next === undefined ? "" : writeToken({ order, reverse, limit, ...page.next }),
    items: [...page.items],
    // Absent otherwise: jobs may be missing here.
    ...(context.cluster.isRebuilding(buckets.jobs) ? { rebuilding: true } : {}),
  };
});
