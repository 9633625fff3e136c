import { summariesOf } from "../chunked-map.ts";
import type { Reaction, Slot, World } from "../kind.ts";
import type { JobCommand } from "./commands.ts";
import { placedAgainAt } from "./draft.ts";
import { type Execution, isOver, type Job, type SlotState } from "./job.ts";
import type { JobType, JobTypes } from "./job-types/job-type.ts";
import { partitions } from "./job-types/partitions.ts";
import { fittingNodes } from "./job-types/pinned-slots.ts";
import { nodeNeeds } from "./node-life.ts";
import { oldToStop } from "./old-versions.ts";
import { rolloutStep } from "./rollout.ts";
import { deadlineOf, jobDeadlines } from "./tick.ts";

/** A reactor for some job types. */
export function jobReactor(types: JobTypes) {
  return (job: Job, world: World, now: number): Reaction<JobCommand> => {
    const deadlines = jobDeadlines(job).map(({ at }) => at);
    for (const at of summariesOf(job.live, firstDeadlineIn)) if (at !== undefined) deadlines.push(at);
    const type = types.get(job.header.spec.type);
    const { slots, retries } = isOver(job) ? { slots: [], retries: [] } : openSlots(type, { job, world, now });
    const step = isOver(job) ? undefined : rolloutStep(job, type, now);
    if (step?.nextAt !== undefined) deadlines.push(step.nextAt);
    const isStepDue = (step !== undefined && (step.isDone || step.replace.length > 0)) || oldToStop(job).length > 0;
    const commands: JobCommand[] = isStepDue || deadlines.some((at) => at <= now) ? [{ name: "Tick" }] : [];
    if (type.isTargeted === true && job.targets === undefined && !isOver(job) && world.settled())
      commands.push({ name: "Target", nodes: fittingNodes(job, world), seen: world.nodes().length });
    const gone = type.isTargeted === true ? slots.filter(({ slot }) => world.isGone(slot)) : [];
    if (gone.length > 0) {
      const names = gone.map(({ slot }) => slot);
      commands.push({
        name: "Wait",
        slots: names,
        why: `node has disappeared: ${names.join(", ")}`,
        answers: [],
        never: true,
      });
    }
    const { commands: ofNodes, times } = nodeNeeds(job, world, now);
    return {
      slots,
      effects: [],
      commands: [...commands, ...ofNodes],
      nextAt: earliest([...deadlines, ...retries, ...times]),
    };
  };
}

function firstDeadlineIn(executions: ReadonlyMap<string, Execution>): number | undefined {
  let first: number | undefined;
  for (const execution of executions.values()) {
    const at = deadlineOf(execution);
    if (at !== undefined && (first === undefined || at < first)) first = at;
  }
  return first;
}

/** The slots that may be placed: all of the job, or, where each was placed for the only version, those that are placed again. */
function candidates(type: JobType, job: Job, world: World): readonly Slot[] {
  const isPlaced = type.slots === partitions && job.header.version === 1 && job.slots.size === job.header.spec.count;
  if (!isPlaced) return type.slots(job, world);
  const open = summariesOf(job.slots, placedAgainIn).flat();
  return open.toSorted((a, b) => Number(a) - Number(b)).map((slot) => ({ slot }));
}

const placedAgainIn = (slots: ReadonlyMap<string, SlotState>): readonly string[] =>
  [...slots].flatMap(([slot, { isLive, retryAt }]) => (isLive || retryAt === undefined ? [] : [slot]));

/** Slots that are to be placed now, and when the next ones are. */
function openSlots(
  type: JobType,
  { job, world, now }: { readonly job: Job; readonly world: World; readonly now: number },
): { readonly slots: readonly Slot[]; readonly retries: readonly number[] } {
  const slots: Slot[] = [];
  const retries: number[] = [];
  for (const each of candidates(type, job, world)) {
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
