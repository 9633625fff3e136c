import { addResources, type Resources, shortage, type Victim, victimsMax } from "@shoal/proto";

/** An execution of a node, with what it uses there. */
export interface PreemptibleExecution extends Victim {
  readonly resources: Resources;
}

/** What one slot needs on a node, and what the node has. */
export interface RoomNeed {
  readonly each: Resources;
  /** Free now, or soon without any order. */
  readonly available: Resources;
  /** Executions of this priority and lower may end. */
  readonly preemptsUpTo: number;
}

/**
 * The executions whose end makes room for one slot: of the lowest priorities that suffice, none of them superfluous,
 * of one priority as few as possible and the youngest. Undefined when no set makes room, or only a very large one.
 */
export function chooseVictims(
  executions: Iterable<PreemptibleExecution>,
  { each, available, preemptsUpTo }: RoomNeed,
): readonly PreemptibleExecution[] | undefined {
  const allowed = [...executions].filter(({ priority }) => priority <= preemptsUpTo);
  const levels = [...new Set(allowed.map(({ priority }) => priority))].toSorted((a, b) => a - b);
  const fitsWithout = (victims: readonly PreemptibleExecution[]): boolean =>
    shortage(
      each,
      victims.reduce((free, { resources }) => addResources(free, resources), available),
    ) === undefined;
  if (fitsWithout([])) return [];
  const ceiling = levels.find((level) => fitsWithout(allowed.filter(({ priority }) => priority <= level)));
  if (ceiling === undefined) return undefined;
  const lacking = addResources(each, available, -1);
  let victims = allowed.filter(({ priority }) => priority <= ceiling);
  const spared = victims.toSorted(
    (a, b) =>
      b.priority - a.priority ||
      coverOf(a.resources, lacking) - coverOf(b.resources, lacking) ||
      a.assignedAt - b.assignedAt ||
      (a.executionId < b.executionId ? -1 : 1),
  );
  for (const execution of spared) {
    const others = victims.filter((other) => other !== execution);
    if (fitsWithout(others)) victims = others;
  }
  return victims.length <= victimsMax ? victims : undefined;
}

const kinds = ["cpuCores", "memoryBytes", "diskBytes", "gpus"] as const;

/** How much of what is lacking an execution has, as the sum of the shares: the largest ones end, so that few do. */
const coverOf = (resources: Resources, lacking: Resources): number =>
  kinds.reduce((sum, kind) => sum + (lacking[kind] > 0 ? Math.min(1, resources[kind] / lacking[kind]) : 0), 0);

/** Negative when the victims `a` are preferable to `b`: a lower highest priority, then fewer, then younger ones. */
export function compareVictims(a: readonly Victim[], b: readonly Victim[]): number {
  const highest = (victims: readonly Victim[]) => Math.max(-Infinity, ...victims.map(({ priority }) => priority));
  const oldest = (victims: readonly Victim[]) => Math.min(Infinity, ...victims.map(({ assignedAt }) => assignedAt));
  const [highestOfA, highestOfB] = [highest(a), highest(b)];
  if (highestOfA !== highestOfB) return highestOfA < highestOfB ? -1 : 1;
  if (a.length !== b.length) return a.length - b.length;
  return oldest(b) - oldest(a) || 0;
}
