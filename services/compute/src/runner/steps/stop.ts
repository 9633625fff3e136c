import { reportOf } from "../reports.ts";
import { letGo, type Run } from "../run.ts";
import type { RunState } from "../run-state.ts";

/** The workload is not running: its end is that it was stopped. */
export async function stop(run: Run, seen: RunState): Promise<RunState> {
  letGo(seen);
  return { state: "published", report: reportOf(run, { kind: "stopped" }) };
}
