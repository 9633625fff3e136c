import { fetchInputs } from "../prepare/inputs.ts";
import { planOf, readyWork } from "../prepare/work.ts";
import type { Run } from "../run.ts";
import type { Seen } from "../seen.ts";

/** Brings the inputs in and makes the folders. Whatever an earlier process had prepared was removed before. */
export async function prepare(run: Run, seen: Seen): Promise<Seen> {
  try {
    const plan = planOf(run);
    const inputs = await fetchInputs(run);
    return { state: "prepared", ...(await readyWork(run, plan, inputs)) };
  } catch (failure) {
    // What a stop has broken off is no failure.
    if (run.stopped.aborted) return seen;
    throw failure;
  }
}
