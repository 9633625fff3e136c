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
    id: z.string(),
    ...JobSpec.shape,
    state: z.object({
      stateType: onWire(z.enum(jobMachine.states), { as: words }),
      message: z.string(),
      details: z.record(z.string(), z.string()),
    }),
    version: z.int(),
    revision: z.int(),
    createTime: onWire(z.number(), { as: "nanoseconds" }),
    modifyTime: onWire(z.number(), { as: "nanoseconds" }),
  })
  .meta({ id: "Job" });
export type JobEntity = z.infer<typeof JobEntity>;
