import { summariesOf } from "../../chunked-map.ts";
import type { Slot } from "../../kind.ts";
import { type Execution, executionsOf, type Job } from "../job.ts";
import { countsAgainstTask } from "../task-failure.ts";

// Every slot so far: their names never change, and a job lists them after each of its changes.
const numbered: Slot[] = [];

/** The slots of a job with `Count` partitions: their numbers. */
export function partitions({ header }: Job): readonly Slot[] {
  const { count } = header.spec;
  for (let partition = numbered.length; partition < count; partition++) numbered.push({ slot: `${partition}` });
  return numbered.slice(0, count);
}

/** The partition of this name; undefined when the job has none. */
export function partitionSlot({ header }: Job, slot: string): Slot | undefined {
  const { count } = header.spec;
  const partition = Number(slot);
  return `${partition}` === slot && Number.isInteger(partition) && partition >= 0 && partition < count
    ? { slot }
    : undefined;
}

/** How partitions of one version have ended that were not placed again. */
interface PartitionEnds {
  readonly completed: number;
  /** The first one that failed or was lost and is not placed again. */
  readonly givenUp: Execution | undefined;
  /** The first one that completed and is not placed again. */
  readonly done: Execution | undefined;
}

const noEnds: PartitionEnds = { completed: 0, givenUp: undefined, done: undefined };

/** How the partitions of the current version have ended; executions that were stopped are placed again. */
export function endsOf({ header, ended }: Job): PartitionEnds {
  let ends = noEnds;
  for (const found of summariesOf(ended, endsIn)) {
    const { completed, givenUp, done } = found.get(header.version) ?? noEnds;
    ends = {
      completed: ends.completed + completed,
      givenUp: firstOf(ends.givenUp, givenUp),
      done: firstOf(ends.done, done),
    };
  }
  return ends;
}

/** By version. */
function endsIn(executions: ReadonlyMap<string, Execution>): ReadonlyMap<number, PartitionEnds> {
  const found = new Map<number, PartitionEnds>();
  for (const execution of executions.values()) {
    const { placement, state, retryAt } = execution;
    if (placement.isPinned || state === "stopped") continue;
    const ends = found.get(placement.version) ?? noEnds;
    const isFinal = retryAt === undefined;
    const isCompleted = state === "completed";
    found.set(placement.version, {
      completed: ends.completed + (isCompleted ? 1 : 0),
      givenUp: isFinal && !isCompleted ? firstOf(ends.givenUp, execution) : ends.givenUp,
      done: isFinal && isCompleted ? firstOf(ends.done, execution) : ends.done,
    });
  }
  return found;
}

/** The one of the lower partition. */
export function firstOf(a: Execution | undefined, b: Execution | undefined): Execution | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.placement.partition < a.placement.partition ? b : a;
}

/** The first failure of a slot's task, and the last: later attempts may fail as a consequence of the first. */
export function causeOf(job: Job, slot: string): { readonly code: string; readonly why: string } {
  const ends = executionsOf(job).filter(
    ({ placement }) => placement.slot === slot && placement.version === job.header.version,
  );
  const last = ends.at(-1);
  const first = ends.find(({ state, code }) => state === "failed" && countsAgainstTask(code)) ?? last;
  if (first === undefined || last === undefined) return { code: "INTERNAL", why: "" };
  const { attempt } = last.placement;
  if (attempt === 1) return reasonOf(last);
  const sentence = "Job failed because it has been retried too many times.";
  const [cause, end] = [reasonOf(first), reasonOf(last)];
  const why =
    cause.why === end.why
      ? `${sentence} Every attempt: ${cause.why}`
      : `${sentence} First failure: ${cause.why}; last: ${end.why}`;
  return { code: cause.code, why };
}

/** Why an execution ended that was to complete, or to run until it is stopped. */
function reasonOf({ state, code, message, output }: Execution): { readonly code: string; readonly why: string } {
  if (state !== "completed") return { code, why: message };
  // Bacalhau's words.
  return { code: "TASK_EXITED", why: `execution completed unexpectedly with exit code ${output?.exitCode ?? 0}` };
}
