import type { Exit } from "../../executors/executor.ts";
import { endedOf, failedReport } from "../reports.ts";
import type { Run } from "../run.ts";
import type { RunState, RunStateOf } from "../run-state.ts";
import { graceMs } from "./halt.ts";

type Happened = "exit" | "late" | "overflow" | "stop";

/** Waits for the exit, the execution's time limit, the output limit, or a change of the desired state. */
export async function wait(run: Run, observed: RunStateOf<"running">): Promise<RunState> {
  const happened = await firstOf(run, observed);
  if (happened === "stop") return observed;
  if (happened === "late") await observed.running.halt(graceMs);
  // Without a grace period: the workload would continue to write.
  if (happened === "overflow") await observed.running.halt(0);
  const exit = await observed.running.exit;
  observed.capture.close();
  const failure = happened === "late" ? lateFailure(run) : (outputLimitFailure(run, observed) ?? exit.failure);
  const ended = endedOf(observed.startedAt, exit.exitCode, { capture: observed.capture, errorMsg: failure?.why ?? "" });
  if (failure === undefined) return { state: "exited", ended };
  return { state: "published", report: failedReport(run, failure, ended.output) };
}

function lateFailure({ assignment }: Run): NonNullable<Exit["failure"]> {
  const seconds = assignment.timeoutMs / 1000;
  return { code: "EXECUTION_TIMED_OUT", why: `execution took longer than ${seconds} s and was ended` };
}

/** The actual end; the workload may have ended by itself in the meantime. */
function outputLimitFailure({ ports }: Run, { capture }: RunStateOf<"running">): Exit["failure"] {
  if (!capture.flooded.aborted) return undefined;
  const why = `the execution wrote more than ${ports.limits.outputBytesMax} bytes to stdout and stderr and was ended`;
  return { code: "OUTPUT_TOO_LARGE", why };
}

function firstOf(
  { ports, assignment, stopped }: Run,
  { running, startedAt, capture }: RunStateOf<"running">,
): Promise<Happened> {
  return new Promise((resolve) => {
    const { timeoutMs } = assignment;
    const cancel = timeoutMs > 0 ? ports.clock.at(startedAt + timeoutMs, () => end("late")) : () => {};
    const stop = () => end("stop");
    const overflow = () => end("overflow");
    stopped.addEventListener("abort", stop);
    capture.flooded.addEventListener("abort", overflow);
    if (capture.flooded.aborted) overflow();
    void running.exit.then(() => end("exit"));
    function end(happened: Happened): void {
      cancel();
      stopped.removeEventListener("abort", stop);
      capture.flooded.removeEventListener("abort", overflow);
      resolve(happened);
    }
  });
}
