import type { Client } from "@shoal/client";
import type { JobEntity } from "@shoal/proto";
import { exitOf } from "../failure.ts";
import { paint } from "../output/paint.ts";
import type { Terminal } from "../terminal.ts";
import { printEvent, progressHeading } from "./print-event.ts";

export interface ProgressOptions {
  readonly terminal: Terminal;
  /** Ends the watching; the job goes on. */
  readonly signal: AbortSignal;
  /** Wait without a word. */
  readonly quiet: boolean;
}

// The field's own sentence; people's scripts look for it.
const intro = "Checking job status... (Enter Ctrl+C to exit at any time, your job will continue running):\n\n";

/** Shows the events of a job until it is over; resolves with the exit code that its end means. */
export async function showProgress(client: Client, jobId: string, options: ProgressOptions): Promise<number> {
  const { terminal, signal, quiet } = options;
  if (!quiet) terminal.out(`${intro}${progressHeading}`);
  try {
    const job = await client.waitForJob(jobId, {
      signal,
      onEvent: (event) => {
        if (!quiet) printEvent(terminal, event, { about: false });
      },
    });
    return endOf(job);
  } catch (failure) {
    if (!signal.aborted) throw failure;
    terminal.err(paint(terminal.colours).yellow("No longer watching; the job goes on.\n"));
    return 0;
  }
}

/** The exit code that the end of a job means: 0 when it completed, otherwise what its reason says. */
export function endOf({ state }: JobEntity): number {
  if (state.stateType === "completed") return 0;
  const code = state.details["ErrorCode"];
  return state.stateType === "stopped" ? exitOf("STOPPED") : exitOf(code ?? "RETRIES_EXHAUSTED");
}
