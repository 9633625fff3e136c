import type { Client } from "@shoal/client";
import { logPrinter, writesAtOnce } from "../output/print-logs.ts";
import type { Terminal } from "../terminal.ts";
import { endOf } from "./show-progress.ts";

export interface FollowLogsOptions {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Shows the output of a job from its first execution to its end; resolves with the exit code for that end. */
export async function followJobLogs(client: Client, jobId: string, options: FollowLogsOptions): Promise<number> {
  const { terminal, signal } = options;
  terminal.err("Waiting for logs...\n");
  for await (const { type } of client.events({ jobId, after: 0, signal })) {
    // The first execution exists from its assignment on; a job may also end without one.
    if (type === "ExecutionAssigned" || type === "JobFailed" || type === "JobStopped") break;
  }
  const print = logPrinter(terminal, await writesAtOnce(client, jobId, undefined));
  for await (const line of client.logs(jobId, { follow: true, signal })) print(line);
  if (signal.aborted) return 0;
  return endOf(await client.waitForJob(jobId, { signal }));
}
