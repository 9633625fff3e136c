import type { Client } from "@shoal/client";
import { apiRoutes, standingTypes } from "@shoal/proto";
import { type Invocation, type OptionRow, wholeNumber } from "../../command.ts";
import { printJson } from "../../output/print-json.ts";
import { followJobLogs } from "../../progress/follow-job-logs.ts";
import { showProgress } from "../../progress/show-progress.ts";

// Bacalhau's limit.
const waitSeconds = 600;

/** The options of commands that begin a version of a job. */
export const watchOptions: readonly OptionRow[] = [
  { flags: "--wait", summary: "watch it until it ends, or until a service or daemon runs", fallback: true },
  { flags: "--no-wait", summary: "return once it is submitted" },
  {
    flags: "--wait-timeout-secs <seconds>",
    summary: "stop watching after this time; the job continues",
    read: wholeNumber("--wait-timeout-secs", 1, 86_400 * 7),
    fallback: waitSeconds,
  },
  { flags: "--id-only", summary: "print only the id of the job, and do not watch it" },
  { flags: "-f, --follow", summary: "show the output of the job instead of its events" },
];

/** Prints the id of a job whose version has just begun, and watches it as the options say; returns the exit code. */
export async function watchJob(call: Invocation, jobId: string, sentence: string): Promise<number> {
  const { context, options } = call;
  const { terminal } = context;
  if (options.flag("idOnly")) {
    terminal.out(`${jobId}\n`);
    return 0;
  }
  if (context.output === "table") terminal.out(`${sentence}\n`);
  if (options.flag("wait")) return await watch(call, jobId);
  if (context.output === "json")
    printJson(terminal, await (await context.client()).call(apiRoutes.getJob, { id: jobId }));
  return 0;
}

async function watch({ context, options }: Invocation, jobId: string): Promise<number> {
  const { terminal } = context;
  const client = await context.client();
  const limit = AbortSignal.timeout((options.number("waitTimeoutSecs") ?? waitSeconds) * 1000);
  const signal = AbortSignal.any([context.interrupted(), limit]);
  const quiet = context.output === "json";
  const code = options.flag("follow")
    ? await followJobLogs(client, jobId, { terminal, signal })
    : await showProgress(client, jobId, { terminal, signal, quiet, until: await endOf(client, jobId) });
  if (quiet) printJson(terminal, await client.call(apiRoutes.getJob, { id: jobId }));
  else {
    const { tasks } = await client.job(jobId);
    terminal.out(nextSteps(jobId, code === 0 && tasks.some(({ publisher }) => publisher.type !== "")));
  }
  return code;
}

/** A job that runs until it is stopped is watched until it runs. */
async function endOf(client: Client, jobId: string): Promise<"ended" | "running"> {
  return standingTypes.includes((await client.job(jobId)).type) ? "running" : "ended";
}

function nextSteps(jobId: string, published: boolean): string {
  const steps = [
    `To get more details about the run, execute:\n\tshoal job describe ${jobId}\n`,
    `To get more details about the run executions, execute:\n\tshoal job executions ${jobId}\n`,
    ...(published ? [`To download the results, execute:\n\tshoal job get ${jobId}\n`] : []),
  ];
  return `\n${steps.join("\n")}`;
}
