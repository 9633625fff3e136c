import type { Run } from "../run.ts";
import type { Seen, SeenOf } from "../seen.ts";
import { discard } from "./discard.ts";

/** How long a task has between being asked to end and being ended; what container engines give by default. */
export const graceMs = 10_000;

/** Ends what runs, then forgets it. What cannot be ended is left to the executor's sweep. */
export async function halt(run: Run, seen: SeenOf<"running">): Promise<Seen> {
  try {
    await seen.running.halt(graceMs);
  } catch (failure) {
    const { executionId } = run.assignment;
    run.ports.notes.warn("an execution could not be halted, it is swept instead", {
      executionId,
      why: String(failure),
    });
  }
  return discard(run, seen);
}
