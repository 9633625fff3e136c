import type { Client } from "@shoal/client";
import type { CommandPart } from "../../command.ts";
import { logPrinter, writesAtOnce } from "../../output/print-logs.ts";

export const logs: CommandPart = {
  options: [
    { flags: "-f, --follow", summary: "wait for further output" },
    { flags: "-t, --tail", summary: "only output from now on" },
    { flags: "-e, --execution-id <id>", summary: "only this execution; its beginning suffices" },
    { flags: "--stdout", summary: "only the standard output" },
    { flags: "--stderr", summary: "only the standard error" },
  ],
  async run({ context, args: [job = ""], options }) {
    const { terminal, namespace } = context;
    const executionId = options.text("executionId");
    const client = await context.client();
    const streams = (["stdout", "stderr"] as const).filter((stream) => options.flag(stream));
    const prefixed = executionId === undefined && (await writesAtOnce(client, job, namespace));
    const print = logPrinter(terminal, prefixed);
    const lines = client.logs(job, {
      ...{ namespace, executionId },
      follow: options.flag("follow"),
      tail: options.flag("tail"),
      signal: context.interrupted(),
    });
    let isEmpty = true;
    for await (const line of lines) {
      isEmpty = false;
      if (streams.length > 0 && !streams.includes(line.stream)) continue;
      if (context.output === "json") terminal.out(`${JSON.stringify(line)}\n`);
      else print(line);
    }
    if (isEmpty && context.output !== "json") terminal.err(await failureOf(client, job, namespace));
    return 0;
  },
};

/** Why a job without output has failed, as a line; empty when it has not. */
async function failureOf(client: Client, job: string, namespace: string | undefined): Promise<string> {
  const found = await client.job(job, { namespace }).catch(() => undefined);
  return found?.state.stateType === "failed" ? `No output: the job has failed. ${found.state.message}\n` : "";
}
