import { z } from "zod";
import { onWire } from "../wire/meta.ts";

/** One entry of a job's history. */
export const HistoryEntity = z
  .object({
    seqNum: z.int(),
    type: onWire(z.enum(["job", "execution"]), { as: { job: "JobLevel", execution: "ExecutionLevel" } }),
    jobId: z.string(),
    jobVersion: z.int(),
    executionId: onWire(z.string(), { omitEmpty: true }),
    event: z.object({
      message: z.string(),
      topic: z.string(),
      timestamp: onWire(z.number(), { as: "rfc3339" }),
      details: onWire(z.record(z.string(), z.string()), { omitEmpty: true }),
    }),
    time: onWire(z.number(), { as: "rfc3339" }),
    /** Empty, for clients before v1.5 only: they fail without one of the two. */
    jobState: z.object({}).optional(),
    executionState: z.object({}).optional(),
  })
  .meta({ id: "HistoryEntry" });
export type HistoryEntity = z.infer<typeof HistoryEntity>;
