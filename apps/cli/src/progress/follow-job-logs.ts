import type { Client } from "@shoal/client";
import { logPrinter, writesAtOnce } from "../output/print-logs.ts";
import type { Terminal } from "../terminal.ts";
import { type RolloutFailure, reportRolloutFailure, rolloutFailureOf } from "./rollout-failure.ts";
import { endOf } from "./show-progress.ts";

export interface FollowLogsOptions {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

// The first execution exists from its assignment on.
const begin = "ExecutionAssigned";

/**
 * Shows the output of a job from the first execution of its version to its end, or until that version is rolled back; resolves
 * with the exit code.
 */
export async function followJobLogs(client: Client, jobId: string, options: FollowLogsOptions): Promise<number> {
  const { terminal, signal } = options;
  terminal.err("Waiting for logs...\n");
  const begun = Promise.withResolvers<void>();
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  let failure: RolloutFailure | undefined;
  const end = client.waitForJob(jobId, {
    signal: until,
    onEvent: (event) => {
      if (event.type === begin) begun.resolve();
      failure ??= rolloutFailureOf(event);
      if (failure !== undefined) failed.abort();
    },
  });
  // A job may also end without an execution.
  end.then(
    () => begun.resolve(),
    () => begun.resolve(),
  );
  await begun.promise;
  const print = logPrinter(terminal, await writesAtOnce(client, jobId, undefined));
  for await (const line of client.logs(jobId, { follow: true, signal: until })) print(line);
  if (failure !== undefined) return reportRolloutFailure(terminal, jobId, failure);
  return signal.aborted ? 0 : endOf(await end);
}
