import { apiRoutes } from "@shoal/proto";
import { type CommandPart, type Invocation, wholeNumber } from "../../command.ts";
import { printJson } from "../../output/print-json.ts";
import { oneLine } from "../../output/safe-text.ts";
import { followJobLogs } from "../../progress/follow-job-logs.ts";
import { showProgress } from "../../progress/show-progress.ts";
import { readSpec } from "../../spec/read-spec.ts";

// Bacalhau's limit.
const waitSeconds = 600;

export const run: CommandPart = {
  options: [
    { flags: "--wait", summary: "watch it until it ends", fallback: true },
    { flags: "--no-wait", summary: "return once it is submitted" },
    {
      flags: "--wait-timeout-secs <seconds>",
      summary: "stop watching after this time; the job continues",
      read: wholeNumber("--wait-timeout-secs", 1, 86_400 * 7),
      fallback: waitSeconds,
    },
    { flags: "--id-only", summary: "print only the id of the job, and do not watch it" },
    { flags: "-f, --follow", summary: "show the output of the job instead of its events" },
  ],
  examples: ["shoal job run hello.yaml", "cat hello.yaml | shoal job run - --id-only"],
  async run(call) {
    const { context, args, options } = call;
    const { terminal } = context;
    const client = await context.client();
    const { jobId, warnings } = await client.submit(inNamespace(await readSpec(args[0] ?? "-"), context.namespace));
    for (const warning of warnings) terminal.err(`Warning: ${oneLine(warning)}\n`);
    if (options.flag("idOnly")) {
      terminal.out(`${jobId}\n`);
      return 0;
    }
    if (context.output === "table") terminal.out(`Job successfully submitted. Job ID: ${jobId}\n`);
    if (options.flag("wait")) return await watch(call, jobId);
    if (context.output === "json") printJson(terminal, await client.call(apiRoutes.getJob, { id: jobId }));
    return 0;
  },
};

async function watch({ context, options }: Invocation, jobId: string): Promise<number> {
  const { terminal } = context;
  const client = await context.client();
  const limit = AbortSignal.timeout((options.number("waitTimeoutSecs") ?? waitSeconds) * 1000);
  const signal = AbortSignal.any([context.interrupted(), limit]);
  const quiet = context.output === "json";
  const code = options.flag("follow")
    ? await followJobLogs(client, jobId, { terminal, signal })
    : await showProgress(client, jobId, { terminal, signal, quiet });
  if (quiet) printJson(terminal, await client.call(apiRoutes.getJob, { id: jobId }));
  else {
    const { tasks } = await client.job(jobId);
    terminal.out(nextSteps(jobId, code === 0 && tasks.some(({ publisher }) => publisher.type !== "")));
  }
  return code;
}

/** The flag overrides the field of the file, which may be in any case of letters. */
function inNamespace(spec: Readonly<Record<string, unknown>>, namespace: string | undefined) {
  if (namespace === undefined) return spec;
  const others = Object.entries(spec).filter(([key]) => key.toLowerCase() !== "namespace");
  return { ...Object.fromEntries(others), Namespace: namespace };
}

function nextSteps(jobId: string, published: boolean): string {
  const steps = [
    `To get more details about the run, execute:\n\tshoal job describe ${jobId}\n`,
    `To get more details about the run executions, execute:\n\tshoal job executions ${jobId}\n`,
    ...(published ? [`To download the results, execute:\n\tshoal job get ${jobId}\n`] : []),
  ];
  return `\n${steps.join("\n")}`;
}
