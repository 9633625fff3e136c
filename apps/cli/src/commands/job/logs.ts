import type { CommandPart } from "../../command.ts";

export const logs: CommandPart = {
  options: [
    { flags: "-f, --follow", summary: "wait for further output" },
    { flags: "-t, --tail", summary: "only output from now on" },
    { flags: "-e, --execution-id <id>", summary: "only this execution" },
  ],
  async run({ context, args: [job = ""], options }) {
    const { terminal } = context;
    const lines = (await context.client()).logs(job, {
      namespace: context.namespace,
      executionId: options.text("executionId"),
      follow: options.flag("follow"),
      tail: options.flag("tail"),
      signal: context.interrupted(),
    });
    for await (const { stream, text } of lines) {
      if (context.output === "json") terminal.out(`${JSON.stringify({ stream, text })}\n`);
      else if (stream === "stderr") terminal.err(text);
      else terminal.out(text);
    }
    return 0;
  },
};
