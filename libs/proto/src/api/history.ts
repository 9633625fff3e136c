import { z } from "zod";
import { onWire } from "../wire/meta.ts";

/** One entry of a job's history. */
export const HistoryEntity = z
  .object({
    seqNum: z.int().describe("the number of the entry in the history of its job, ascending"),
    type: onWire(z.enum(["job", "execution"]).describe("what the entry is about"), {
      as: { job: "JobLevel", execution: "ExecutionLevel" },
    }),
    jobId: z.string().describe("the id of the job"),
    jobVersion: z.int().describe("the version of the job that was current"),
    executionId: onWire(z.string().describe("the execution that it is about; left out for an entry about the job"), {
      omitEmpty: true,
    }),
    event: z
      .object({
        message: z.string().describe("the event as a sentence"),
        topic: z.string().describe("the kind of event, such as Submission, Scheduling or Execution"),
        timestamp: onWire(z.number().describe("when it was decided"), { as: "rfc3339" }),
        details: onWire(
          z.record(z.string(), z.string()).describe("facts for programs, such as NewState, IsError, Hint"),
          {
            omitEmpty: true,
          },
        ),
      })
      .describe("what happened"),
    time: onWire(z.number().describe("when it was decided"), { as: "rfc3339" }),
    jobState: z.object({}).optional().describe("empty; only for clients before v1.5, which fail without it"),
    executionState: z.object({}).optional().describe("empty; only for clients before v1.5, which fail without it"),
  })
  .meta({ id: "HistoryEntry", description: "one entry of a job's history" });
export type HistoryEntity = z.infer<typeof HistoryEntity>;
