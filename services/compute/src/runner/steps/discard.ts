import { clearFolder, letGo, type Run } from "../run.ts";
import type { RunState } from "../run-state.ts";

/** Forgets the execution and removes its folder. */
export async function discard(run: Run, seen: RunState): Promise<RunState> {
  const { ports, assignment } = run;
  letGo(seen);
  ports.journal.forget(assignment.executionId);
  ports.release(assignment.executionId);
  await clearFolder(run);
  return { state: "gone" };
}
