import { readAnswer } from "@shoal/client";
import { apiRoutes, type JobEntity } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { listOf } from "../../output/answer.ts";
import { printJson } from "../../output/print-json.ts";
import { type Column, table } from "../../output/table.ts";
import { ago } from "../../output/times.ts";

export const versions: CommandPart = {
  async run({ context, args: [job = ""] }) {
    const { terminal, namespace } = context;
    const json = await (await context.client()).call(apiRoutes.jobVersions, { id: job, namespace });
    if (context.output === "json") {
      printJson(terminal, listOf(json, "Items"));
      return 0;
    }
    const now = Date.now();
    const columns: readonly Column<JobEntity>[] = [
      { title: "CREATED AT", of: ({ createTime }) => ago(createTime, now) },
      { title: "JOB VERSION", of: ({ version }) => String(version) },
    ];
    terminal.out(table(columns, readAnswer(apiRoutes.jobVersions, json).items));
    return 0;
  },
};
