import type { CommandPart } from "../../command.ts";

export const stop: CommandPart = {
  name: "stop",
  takes: "<job>",
  says: "stop a job before it completes",
  options: [
    { flags: "--reason <text>", says: "kept in the history", fallback: "stopped by the user" },
    { flags: "--quiet", says: "say nothing when it worked" },
  ],
  async run({ context, args: [job = ""], options }) {
    await context.client().stop(job, options.text("reason"), { namespace: context.namespace });
    if (!options.flag("quiet")) context.terminal.out(`Job successfully stopped: ${job}\n`);
    return 0;
  },
};
