import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { printJson } from "../../output/print-json.ts";

export const stop: CommandPart = {
  options: [
    { flags: "--reason <text>", summary: "reason for the history", fallback: "stopped by the user" },
    { flags: "--quiet", summary: "print nothing on success" },
  ],
  async run({ context, args: [job = ""], options }) {
    const { namespace, output, terminal } = context;
    const json = await (await context.client()).call(apiRoutes.stopJob, {
      id: job,
      namespace,
      reason: options.text("reason"),
    });
    if (options.flag("quiet")) return 0;
    if (output === "json") printJson(terminal, json);
    else terminal.out(`Job successfully stopped: ${job}\n`);
    return 0;
  },
};
