import { readExecution, readHistory, readJob, routes } from "@shoal/client";
import type { CommandPart } from "../../command.ts";
import { fieldOf, listOf } from "../../output/answer.ts";
import { describeJob } from "../../output/describe-job.ts";
import { printJson } from "../../output/print-json.ts";

export const describe: CommandPart = {
  name: "describe",
  takes: "<job>",
  says: "show everything about a job: state, history, executions, output",
  async run({ context, args: [job = ""] }) {
    const { terminal, namespace } = context;
    const json = await context.client().call(routes.job(job, { namespace, include: "executions,history" }));
    const executions = listOf(fieldOf(json, "Executions"), "Items");
    const history = listOf(fieldOf(json, "History"), "Items");
    if (context.output === "json") {
      printJson(terminal, { Job: fieldOf(json, "Job"), Executions: executions, History: history });
    } else {
      const shown = {
        job: readJob(fieldOf(json, "Job")),
        executions: executions.map(readExecution),
        history: history.map(readHistory),
      };
      terminal.out(describeJob(shown, { now: Date.now(), colours: terminal.colours }));
    }
    return 0;
  },
};
