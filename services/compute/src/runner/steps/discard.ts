import { clearFolder, letGo, type Run } from "../run.ts";
import type { Seen } from "../seen.ts";

/** Forgets the execution and removes its folder. */
export async function discard(run: Run, seen: Seen): Promise<Seen> {
  const { ports, assignment } = run;
  letGo(seen);
  ports.journal.forget(assignment.executionId);
  ports.release(assignment.executionId);
  await clearFolder(run);
  return { state: "gone" };
}
