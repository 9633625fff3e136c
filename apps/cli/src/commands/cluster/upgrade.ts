import { readAnswer } from "@shoal/client";
import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { CliError } from "../../failure.ts";
import { printJson } from "../../output/print-json.ts";

export const upgrade: CommandPart = {
  options: [{ flags: "--finish", summary: "raise the feature level; it is never lowered" }],
  examples: ["shoal cluster status", "shoal cluster upgrade --finish"],
  async run({ context, options }) {
    const { output, terminal } = context;
    if (!options.flag("finish"))
      throw new CliError(
        "BAD_REQUEST",
        "--finish is required",
        "see which requesters are upgraded: shoal cluster status",
      );
    const json = await (await context.client()).call(apiRoutes.finishUpgrade, {});
    if (output === "json") {
      printJson(terminal, json);
      return 0;
    }
    const { featureLevel, before } = readAnswer(apiRoutes.finishUpgrade, json);
    terminal.out(
      featureLevel === before
        ? `The cluster is at feature level ${featureLevel} already.\n`
        : `Raised the feature level from ${before} to ${featureLevel}.\n`,
    );
    return 0;
  },
};
