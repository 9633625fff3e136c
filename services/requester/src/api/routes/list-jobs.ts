import { JobEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { jobOrders } from "../../catalog/catalog.ts";
import { parseSelector } from "../../catalog/selector.ts";
import { readToken, writeToken } from "../page-token.ts";
import { flag, joined, limit, oneOf, text } from "../query.ts";
import { defineRoute } from "../route.ts";

// A token carries the order it belongs to: once given, it overrides what the query says.
const Place = z.object({
  order: z.enum(jobOrders),
  reverse: z.boolean(),
  limit: z.int().min(1),
  at: z.number(),
  jobId: z.string(),
});

const orderOf = { created_at: "createTime", modified_at: "modifyTime" } as const;

export const listJobs = defineRoute({
  name: "list-jobs",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs",
  does: "Lists jobs in the order of their times, a page at a time.",
  query: z.object({
    namespace: text(),
    limit: limit(),
    next_token: text(),
    order_by: oneOf(["created_at", "modified_at"]),
    reverse: flag(),
    labels: joined(),
  }),
  async answer({ query, position, reflects }, front) {
    const place = readToken(Place, query.next_token);
    const how = place ?? { order: orderOf[query.order_by], reverse: query.reverse, limit: query.limit };
    const { namespace } = query;
    await front.positions.reach(position);
    const {
      items,
      next,
      position: shown,
    } = front.catalog.list({
      ...(namespace === undefined || namespace === "*" ? {} : { namespace }),
      ...(query.labels === "" ? {} : { wants: parseSelector(query.labels) }),
      ...(place === undefined ? {} : { after: { at: place.at, jobId: place.jobId } }),
      order: how.order,
      reverse: how.reverse,
      limit: how.limit,
    });
    reflects(Math.max(position, shown));
    const { order, reverse, limit } = how;
    return {
      NextToken: next === undefined ? "" : writeToken({ order, reverse, limit, ...next }),
      Items: items.map((job) => toWire(JobEntity, job)),
    };
  },
});
