import { reportOf } from "../reports.ts";
import { type Run, releaseState } from "../run.ts";
import type { RunState } from "../run-state.ts";

/** The workload is not running: its end is that it was stopped. */
export async function stop(run: Run, observed: RunState): Promise<RunState> {
  releaseState(observed);
  return { state: "published", report: reportOf(run, { kind: "stopped" }) };
}
