import type { Client } from "@shoal/client";
import type { JobEntity } from "@shoal/proto";
import { exitOf } from "../failure.ts";
import { paint } from "../output/paint.ts";
import type { Terminal } from "../terminal.ts";
import { printEvent, progressHeading } from "./print-event.ts";
import { type RolloutFailure, reportRolloutFailure, rolloutFailureOf } from "./rollout-failure.ts";

export interface ProgressOptions {
  readonly terminal: Terminal;
  /** Stops watching; the job continues. */
  readonly signal: AbortSignal;
  /** Whether to wait without output. */
  readonly quiet: boolean;
  /** What to wait for; the end when left out. */
  readonly until?: "ended" | "running";
}

// Bacalhau's sentence; scripts match it.
const intro = "Checking job status... (Enter Ctrl+C to exit at any time, your job will continue running):\n\n";

/** Shows the events of a job until its end; resolves with the exit code for that end, or of the failure of its new version. */
export async function showProgress(client: Client, jobId: string, options: ProgressOptions): Promise<number> {
  const { terminal, signal, quiet, until = "ended" } = options;
  if (!quiet) terminal.out(`${intro}${progressHeading}`);
  let failure: RolloutFailure | undefined;
  try {
    const job = await client.waitForJob(jobId, {
      signal,
      until,
      onEvent: (event) => {
        failure ??= rolloutFailureOf(event);
        if (!quiet) printEvent(terminal, event, { about: false });
      },
    });
    return failure === undefined ? endOf(job) : reportRolloutFailure(terminal, jobId, failure);
  } catch (cause) {
    if (!signal.aborted) throw cause;
    terminal.err(paint(terminal.colours).yellow("Stopped watching; the job continues.\n"));
    return failure === undefined ? 0 : reportRolloutFailure(terminal, jobId, failure);
  }
}

/** The exit code for the end of a job: 0 when it completed, otherwise that of its error code. */
export function endOf({ state }: JobEntity): number {
  if (state.stateType === "completed" || state.stateType === "running")
    return isHalted(state) ? exitOf("ROLLOUT_FAILED") : 0;
  const code = state.details["ErrorCode"];
  return state.stateType === "stopped" ? exitOf("STOPPED") : exitOf(code ?? "RETRIES_EXHAUSTED");
}

const isHalted = ({ details }: JobEntity["state"]): boolean => details["Rollout"] === "halted";
