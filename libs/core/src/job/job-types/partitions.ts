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

/** The ends of the current version's partitions that were not placed again. */
export function* endedPartitions(job: Job): Iterable<Execution> {
  const { version, spec } = job.header;
  for (const execution of job.ended.values()) {
    const { placement } = execution;
    if (placement.version === version && !placement.isPinned && placement.partition < spec.count) yield execution;
  }
}

/** The first slot that is not placed again, of these ends; executions that were stopped are placed again. */
export function givenUpSlot(ends: Iterable<Execution>): string | undefined {
  let first: Execution | undefined;
  for (const execution of ends) {
    if (execution.state === "stopped" || execution.retryAt !== undefined) continue;
    if (first === undefined || execution.placement.partition < first.placement.partition) first = execution;
  }
  return first?.placement.slot;
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
