import { reportOf } from "../reports.ts";
import { letGo, type Run } from "../run.ts";
import type { Seen } from "../seen.ts";

/** Leaves what is not running any more as it is: its end is that it was stopped. */
export async function stop(run: Run, seen: Seen): Promise<Seen> {
  letGo(seen);
  return { state: "published", report: reportOf(run, { kind: "stopped" }) };
}
