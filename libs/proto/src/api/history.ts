import { z } from "zod";
import { onWire } from "../wire/meta.ts";

/** One line of a job's story. */
export const HistoryEntity = z.object({
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
});
export type HistoryEntity = z.infer<typeof HistoryEntity>;
