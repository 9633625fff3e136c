import { readAnswer } from "@shoal/client";
import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { fieldOf, listOf } from "../../output/answer.ts";
import { describeJob } from "../../output/describe-job.ts";
import { printJson } from "../../output/print-json.ts";

export const describe: CommandPart = {
  async run({ context, args: [job = ""] }) {
    const { terminal, namespace } = context;
    const json = await (await context.client()).call(apiRoutes.getJob, {
      id: job,
      namespace,
      include: "executions,history",
    });
    if (context.output === "json") {
      const [Executions, History] = ["Executions", "History"].map((part) => listOf(fieldOf(json, part), "Items"));
      printJson(terminal, { Job: fieldOf(json, "Job"), Executions, History });
    } else {
      const { job: entity, executions, history } = readAnswer(apiRoutes.getJob, json);
      const shown = { job: entity, executions: executions?.items ?? [], history: history?.items ?? [] };
      terminal.out(describeJob(shown, { now: Date.now(), colours: terminal.colours }));
    }
    return 0;
  },
};
