import type { Reaction, Slot, World } from "../kind.ts";
import type { JobCommand } from "./commands.ts";
import { placedAgainAt } from "./draft.ts";
import { isOver, type Job } from "./job.ts";
import type { JobTypes } from "./job-types/job-type.ts";
import { deadlineOf, jobDeadlines } from "./tick.ts";

/** A reactor for some job types. */
export function jobReactor(types: JobTypes) {
  return (job: Job, world: World, now: number): Reaction<JobCommand> => {
    const deadlines = jobDeadlines(job).map(({ at }) => at);
    const nodes = new Set<string>();
    for (const execution of job.live.values()) {
      const at = deadlineOf(execution);
      if (at !== undefined) deadlines.push(at);
      nodes.add(execution.placement.nodeId);
    }
    const { slots, retries } = isOver(job) ? { slots: [], retries: [] } : openSlots(types, { job, world, now });
    const commands: JobCommand[] = deadlines.some((at) => at <= now) ? [{ name: "Tick" }] : [];
    for (const nodeId of nodes)
      if (world.isGone(nodeId)) commands.push({ name: "LoseNode", nodeId, why: "node has disappeared" });
    return { slots, effects: [], commands, nextAt: earliest([...deadlines, ...retries]) };
  };
}

/** Slots that are to be placed now, and when the next ones are. */
function openSlots(
  types: JobTypes,
  { job, world, now }: { readonly job: Job; readonly world: World; readonly now: number },
): { readonly slots: readonly Slot[]; readonly retries: readonly number[] } {
  const slots: Slot[] = [];
  const retries: number[] = [];
  for (const each of types.get(job.header.spec.type).slots(job, world)) {
    const at = placedAgainAt(job, each.slot);
    if (at === undefined) continue;
    if (at <= now) slots.push(each);
    else retries.push(at);
  }
  return { slots, retries };
}

/** The first of some times; undefined when there are none. */
const earliest = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : times.reduce((first, at) => Math.min(first, at));
