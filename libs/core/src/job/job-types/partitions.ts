import type { Slot } from "../../kind.ts";
import { type Execution, executionsOf, isLive, type Job, latestOf } from "../job.ts";
import { countsAgainstTask } from "../task-failure.ts";

/** The slots of a job with `Count` partitions: their numbers. */
export const partitions = ({ header }: Job): readonly Slot[] =>
  Array.from({ length: header.spec.count }, (_, partition) => ({ slot: `${partition}` }));

/** The partition of this name; undefined when the job has none. */
export function partitionSlot({ header }: Job, slot: string): Slot | undefined {
  const { count } = header.spec;
  const partition = Number(slot);
  return `${partition}` === slot && Number.isInteger(partition) && partition >= 0 && partition < count
    ? { slot }
    : undefined;
}

/** The first of these slots, in their order, whose executions of the current version ended without success and are not retried. */
export function givenUpSlot(job: Job, slots: readonly Slot[]): string | undefined {
  return slots.find(({ slot }) => {
    const execution = latestOf(job, slot);
    return (
      execution !== undefined &&
      !isLive(execution) &&
      execution.placement.version === job.header.version &&
      execution.state !== "stopped" &&
      execution.retryAt === undefined
    );
  })?.slot;
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
