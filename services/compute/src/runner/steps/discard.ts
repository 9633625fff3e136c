import { clearFolder, type Run, releaseState } from "../run.ts";
import type { RunState } from "../run-state.ts";

/** Forgets the execution and removes its folder. */
export async function discard(run: Run, observed: RunState): Promise<RunState> {
  const { ports, assignment } = run;
  releaseState(observed);
  ports.journal.forget(assignment.executionId);
  ports.release(assignment.executionId);
  await clearFolder(run);
  return { state: "gone" };
}
