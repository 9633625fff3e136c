import { causeOf } from "@shoal/core";
import { outgoing } from "../reports.ts";
import { clearFolder, type Run, recordEnd } from "../run.ts";
import type { RunState, RunStateOf } from "../run-state.ts";

/** Writes the last report down, gives the room back and sends the report; one that an earlier process wrote down is repeated. */
export async function emit(run: Run, { report }: RunStateOf<"published">): Promise<RunState> {
  const { ports, assignment } = run;
  const { executionId } = assignment;
  if (run.reported === report) {
    ports.outbox.repeat(outgoing(run, report));
  } else {
    try {
      await recordEnd(run, report);
    } catch (failure) {
      // Said all the same: the log's memory is better than ours.
      ports.logger.warn({ executionId, why: causeOf(failure).why }, "the journal refused an entry");
    }
    ports.outbox.say(outgoing(run, report));
  }
  ports.release(executionId);
  await clearFolder(run);
  return { state: "settled", report };
}
