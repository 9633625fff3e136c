import { causeOf } from "@shoal/core";
import { outgoing } from "../reports.ts";
import { clearFolder, type Run, recordEnd } from "../run.ts";
import type { RunState, RunStateOf } from "../run-state.ts";

/**
 * Journals the last report, releases the resources and sends the report; a report that an earlier process journalled is
 * repeated.
 */
export async function sendReport(run: Run, { report }: RunStateOf<"published">): Promise<RunState> {
  const { ports, assignment } = run;
  const { executionId } = assignment;
  if (run.reported === report) {
    ports.outbox.repeat(outgoing(run, report));
  } else {
    try {
      await recordEnd(run, report);
    } catch (failure) {
      // Sent despite the journal's failure: the log is the better memory.
      ports.logger.warn({ executionId, why: causeOf(failure).why }, "writing a journal entry failed");
    }
    ports.outbox.send(outgoing(run, report));
  }
  ports.release(executionId);
  await clearFolder(run);
  return { state: "settled", report };
}
