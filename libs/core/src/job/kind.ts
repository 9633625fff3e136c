import { executionMachine, jobMachine } from "@shoal/proto";
import type { Kind, Reaction, World } from "../kind.ts";
import { jobViews } from "../views/index.ts";
import type { JobCommand } from "./commands.ts";
import { decideJob } from "./decide.ts";
import { evolveJob, type JobEvent } from "./evolve.ts";
import { isOver, type Job, liveExecutions } from "./job.ts";
import { needsOf } from "./tick.ts";

/** Jobs with their executions. */
export const jobKind: Kind<Job, JobCommand, JobEvent> = {
  name: "job",
  isNamespaced: true,
  events: [...jobMachine.rows, ...executionMachine.rows].map(([, event]) => event),
  decide: decideJob,
  evolve: evolveJob,
  react,
  isEnded: isOver,
  isSettled: isOver,
  nodesOf: (job) => liveExecutions(job).map(({ placement }) => placement.nodeId),
  views: jobViews,
  creates: ["Submit"],
  accepts: {},
};

function react(job: Job, world: World, now: number): Reaction<JobCommand> {
  const { partitions, lookAt, due } = needsOf(job, now);
  const gone = [...new Set(jobKind.nodesOf(job))].filter((nodeId) => world.isGone(nodeId));
  const lost = gone.map((nodeId): JobCommand => ({ name: "LoseNode", nodeId, why: "node has disappeared" }));
  return {
    slots: partitions.map((partition) => ({ slot: `${partition}` })),
    effects: [],
    commands: due ? [{ name: "Tick" }, ...lost] : lost,
    nextAt: lookAt,
  };
}
