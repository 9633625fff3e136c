import { readAnswer } from "@shoal/client";
import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { listOf } from "../../output/answer.ts";
import { executionColumns } from "../../output/execution-columns.ts";
import { printJson } from "../../output/print-json.ts";
import { table } from "../../output/table.ts";
import { pagingOf, pagingOptions } from "../paging.ts";
import { versionOptions, versionsOf } from "./version-options.ts";

// Bacalhau's page length.
const pageExecutions = 20;

export const executions: CommandPart = {
  options: [...versionOptions, ...pagingOptions],
  async run({ context, args: [job = ""], options }) {
    const { terminal, namespace } = context;
    const input = { ...pagingOf(options, pageExecutions), ...versionsOf(options), id: job, namespace };
    const json = await (await context.client()).call(apiRoutes.jobExecutions, input);
    if (context.output === "json") printJson(terminal, listOf(json, "Items"));
    else {
      const { items } = readAnswer(apiRoutes.jobExecutions, json);
      terminal.out(table(executionColumns(Date.now(), terminal.colours), items));
    }
    return 0;
  },
};
