import { breakOff } from "../break-off.ts";
import { deadline } from "../deadline.ts";
import { fetchInputs } from "../prepare/inputs.ts";
import { planOf, readyWork } from "../prepare/work.ts";
import type { Run } from "../run.ts";
import type { RunState } from "../run-state.ts";

/**
 * Brings the inputs in and makes the folders. The time for it includes what the executor does before the task starts, such as pulling an
 * image. Whatever an earlier process had prepared was removed before.
 */
export async function prepare(run: Run, seen: RunState): Promise<RunState> {
  const { ports, assignment, stopped } = run;
  const ms = assignment.prepareTimeoutMs;
  const limit = deadline(ports.clock, { ms, stopped, what: "preparing", code: "START_TIMED_OUT" });
  try {
    const plan = planOf(run);
    // A source that goes on all the same writes into a folder that is removed: what it leaves is swept at the node's next start.
    const inputs = await breakOff(ports.clock, limit.signal, fetchInputs(run, limit.signal));
    return { state: "prepared", ...(await readyWork(run, plan, inputs)), limit };
  } catch (failure) {
    limit.cancel();
    // What a stop has broken off is no failure.
    if (stopped.aborted) return seen;
    throw limit.why() ?? failure;
  }
}
