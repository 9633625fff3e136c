import type { Exit } from "../../executors/executor.ts";
import { endedOf, failedReport } from "../reports.ts";
import type { Run } from "../run.ts";
import type { Seen, SeenOf } from "../seen.ts";
import { graceMs } from "./halt.ts";

type Happened = "exit" | "late" | "stop";

/** Waits for the exit, for the execution's time to be up, or for the want to change. */
export async function wait(run: Run, seen: SeenOf<"running">): Promise<Seen> {
  const happened = await firstOf(run, seen);
  if (happened === "stop") return seen;
  if (happened === "late") await seen.running.halt(graceMs);
  const exit = await seen.running.exit;
  seen.capture.close();
  const failure = happened === "late" ? lateFailure(run) : exit.failure;
  const ended = endedOf(seen.startedAt, exit.exitCode, { capture: seen.capture, errorMsg: failure?.why ?? "" });
  if (failure === undefined) return { state: "exited", ended };
  return { state: "published", report: failedReport(run, failure, ended.output) };
}

function lateFailure({ assignment }: Run): NonNullable<Exit["failure"]> {
  const seconds = assignment.timeoutMs / 1000;
  return { code: "EXECUTION_TIMED_OUT", why: `execution took longer than ${seconds} s and was ended` };
}

function firstOf({ ports, assignment, stopped }: Run, { running, startedAt }: SeenOf<"running">): Promise<Happened> {
  return new Promise((resolve) => {
    const { timeoutMs } = assignment;
    const cancel = timeoutMs > 0 ? ports.clock.at(startedAt + timeoutMs, () => end("late")) : () => {};
    const stop = () => end("stop");
    stopped.addEventListener("abort", stop);
    void running.exit.then(() => end("exit"));
    function end(happened: Happened): void {
      cancel();
      stopped.removeEventListener("abort", stop);
      resolve(happened);
    }
  });
}
