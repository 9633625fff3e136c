import { readAnswer } from "@shoal/client";
import { apiRoutes, type JobEntity, shortId } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { listOf } from "../../output/answer.ts";
import { printJson } from "../../output/print-json.ts";
import { stateColour } from "../../output/states.ts";
import { type Column, table } from "../../output/table.ts";
import { ago } from "../../output/times.ts";
import { pagingOf, pagingOptions } from "../paging.ts";

// Bacalhau's page length.
const pageJobs = 10;

export const list: CommandPart = {
  options: [
    ...pagingOptions,
    { flags: "--labels <selector>", summary: "only jobs whose labels match, as in a=b,c in (d,e)" },
  ],
  async run({ context, options }) {
    const { terminal, namespace, output } = context;
    const { reverse = false, ...paging } = pagingOf(options, pageJobs);
    // The API lists the oldest first.
    const query = { ...paging, reverse: !reverse, namespace, labels: options.text("labels") };
    const json = await (await context.client()).call(apiRoutes.listJobs, query);
    if (output === "json") {
      printJson(terminal, listOf(json, "Items"));
      return 0;
    }
    const paint = stateColour(terminal.colours);
    const now = Date.now();
    const columns: readonly Column<JobEntity>[] = [
      { title: "CREATED", of: (job) => ago(job.createTime, now) },
      { title: "ID", of: (job) => shortId(job.id) },
      { title: "NAME", of: (job) => (job.name === job.id ? "" : job.name) },
      ...(namespace === "*" ? [{ title: "NAMESPACE", of: (job: JobEntity) => job.namespace }] : []),
      { title: "JOB", of: (job) => job.tasks[0]?.engine.type ?? "" },
      { title: "TYPE", of: (job) => job.type },
      { title: "STATE", of: (job) => paint(job.state.stateType) },
    ];
    const { items, nextToken } = readAnswer(apiRoutes.listJobs, json);
    terminal.out(table(columns, items));
    if (nextToken !== "") terminal.err(`More: --next-token ${nextToken}\n`);
    return 0;
  },
};
