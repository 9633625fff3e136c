import { readExecution, routes } from "@shoal/client";
import type { CommandPart } from "../../command.ts";
import { listOf } from "../../output/answer.ts";
import { executionColumns } from "../../output/execution-columns.ts";
import { printJson } from "../../output/print-json.ts";
import { table } from "../../output/table.ts";
import { pagingOf, pagingOptions } from "../paging.ts";

// The field's own page length.
const pageExecutions = 20;

export const executions: CommandPart = {
  name: "executions",
  takes: "<job>",
  says: "list the executions of a job: which node tried which partition, and what became of it",
  options: pagingOptions,
  async run({ context, args: [job = ""], options }) {
    const { terminal, namespace } = context;
    const query = { ...pagingOf(options, pageExecutions), namespace };
    const json = await context.client().call(routes.executions(job, query));
    const items = listOf(json, "Items");
    if (context.output === "json") printJson(terminal, items);
    else terminal.out(table(executionColumns(Date.now(), terminal.colours), items.map(readExecution)));
    return 0;
  },
};
