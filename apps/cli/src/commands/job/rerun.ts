import type { CommandPart } from "../../command.ts";
import { wholeNumber } from "../../command.ts";
import { watchJob, watchOptions } from "./watch-job.ts";

export const rerun: CommandPart = {
  options: [
    {
      flags: "-v, --version <n>",
      summary: "the version whose spec is run; the current one by default",
      read: wholeNumber("--version", 0, Number.MAX_SAFE_INTEGER),
    },
    { flags: "--reason <text>", summary: "reason for the history", fallback: "rerun by the user" },
    ...watchOptions,
  ],
  examples: ["shoal job rerun web --version 3"],
  async run(call) {
    const { context, args, options } = call;
    const { jobId } = await (await context.client()).rerun(args[0] ?? "", {
      namespace: context.namespace,
      version: options.number("version"),
      reason: options.text("reason"),
    });
    return await watchJob(call, jobId, `Job successfully submitted. Job ID: ${jobId}`);
  },
};
