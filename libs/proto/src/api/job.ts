import { z } from "zod";
import { type JobState, jobMachine } from "../job/machine.ts";
import { JobSpec } from "../job/spec.ts";
import { onWire } from "../wire/meta.ts";

const words = {
  pending: "Pending",
  queued: "Queued",
  running: "Running",
  completed: "Completed",
  failed: "Failed",
  stopped: "Stopped",
} satisfies Record<JobState, string>;

/** A job as the API shows it and the view stores it. Times are milliseconds here and nanoseconds on the wire. */
export const JobEntity = z
  .object({
    id: z.string().describe("the id of the job"),
    ...JobSpec.shape,
    state: z
      .object({
        stateType: onWire(z.enum(jobMachine.states).describe("the state of the job"), { as: words }),
        message: z.string().describe("the reason of the state, for people"),
        details: z.record(z.string(), z.string()).describe("facts about the state, for programs"),
      })
      .describe("its state"),
    version: z.int().describe("its current version, or the requested one, from 1"),
    revision: z.int().describe("one more with each of its events"),
    createTime: onWire(z.number().describe("when it was submitted"), { as: "nanoseconds" }),
    modifyTime: onWire(z.number().describe("when its last event was decided"), { as: "nanoseconds" }),
  })
  .meta({ id: "Job", description: "a job: its spec and its state" });
export type JobEntity = z.infer<typeof JobEntity>;
