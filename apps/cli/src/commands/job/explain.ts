import { readAnswer } from "@shoal/client";
import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { fieldOf } from "../../output/answer.ts";
import { explanationLines } from "../../output/explanation-lines.ts";
import { printJson } from "../../output/print-json.ts";

export const explain: CommandPart = {
  examples: ["shoal job explain web"],
  async run({ context, args: [job = ""] }) {
    const { terminal, namespace, output } = context;
    const json = await (await context.client()).call(apiRoutes.explainJob, { id: job, namespace });
    if (output === "json") printJson(terminal, fieldOf(json, "Explanation"));
    else
      for (const line of explanationLines(readAnswer(apiRoutes.explainJob, json).explanation))
        terminal.out(`${line}\n`);
    return 0;
  },
};
