import { executionMachine, JobSpec, jobMachine, victimsMax } from "@shoal/proto";
import { z } from "zod";
import type { Kind } from "../kind.ts";
import { jobViews } from "../views/index.ts";
import type { JobCommand } from "./commands.ts";
import { jobDecider } from "./decide.ts";
import { evolveJob, type JobEvent } from "./evolve.ts";
import { isOver, isSettledJob, type Job, liveNodes } from "./job.ts";
import { jobTypes } from "./job-types/index.ts";
import type { JobTypes } from "./job-types/job-type.ts";
import { jobReactor } from "./react.ts";

// The same limit as for a sentence in a node's report.
const whyCharsMax = 4_096;

/** Jobs with their executions, of some job types. */
export function createJobKind(types: JobTypes): Kind<Job, JobCommand, JobEvent> {
  return {
    name: "job",
    isNamespaced: true,
    events: [...jobMachine.rows, ...executionMachine.rows].map(([, event]) => event),
    decide: jobDecider(types),
    levelOf: (event) =>
      event.type === "JobSubmitted" && types.has(event.data.spec.type)
        ? (types.get(event.data.spec.type).since ?? 1)
        : 1,
    evolve: evolveJob,
    react: jobReactor(types),
    followsNodes(job) {
      if (isOver(job)) return false;
      const { followsNodes, isTargeted } = types.get(job.header.spec.type);
      return followsNodes === true || (isTargeted === true && job.targets === undefined);
    },
    isEnded: isOver,
    isSettled: isSettledJob,
    nodesOf: (job) => new Set([...liveNodes(job), ...targetsOf(job)]),
    views: jobViews,
    creates: ["Submit"],
    accepts: {
      Stop: z.object({ name: z.literal("Stop"), why: z.string().max(whyCharsMax) }),
      Update: z.object({ name: z.literal("Update"), spec: JobSpec, force: z.boolean() }),
      Rerun: z.object({ name: z.literal("Rerun"), version: z.int().min(0), why: z.string().max(whyCharsMax) }),
      Preempt: z.object({
        name: z.literal("Preempt"),
        executionIds: z.array(z.string()).max(victimsMax),
        by: z.object({ jobId: z.string(), priority: z.int() }),
      }),
    },
  };
}

/** The nodes that an open job is yet to run on, and those that it has run on. */
const targetsOf = (job: Job): readonly string[] => (isOver(job) ? [] : (job.targets ?? []));

/** Jobs with their executions. */
export const jobKind: Kind<Job, JobCommand, JobEvent> = createJobKind(jobTypes);
