import { outgoing } from "../reports.ts";
import { clearFolder, journalled, type Run } from "../run.ts";
import type { Seen, SeenOf } from "../seen.ts";

/** Writes the last report down, gives the room back and says the report until it is heard. */
export async function tell(run: Run, { report }: SeenOf<"published">): Promise<Seen> {
  const { ports, assignment } = run;
  const { executionId } = assignment;
  try {
    await ports.journal.write({ phase: "settled", ...journalled(run), report });
  } catch (failure) {
    // Said all the same: the log's memory is better than ours.
    ports.notes.warn("the journal refused an entry", { executionId, why: String(failure) });
  }
  ports.say(outgoing(run, report));
  ports.release(executionId);
  await clearFolder(run);
  return { state: "settled", report };
}
