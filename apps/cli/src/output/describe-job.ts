import type { ExecutionEntity, HistoryEntity, JobEntity } from "@shoal/proto";
import { executionColumns } from "./execution-columns.ts";
import { historyColumns } from "./history-columns.ts";
import { paint } from "./paint.ts";
import { oneLine } from "./safe-text.ts";
import { stateColour } from "./states.ts";
import { table } from "./table.ts";
import { ago, fullTime } from "./times.ts";

/** A job with its executions and history. */
export interface ShownJob {
  readonly job: JobEntity;
  readonly executions: readonly ExecutionEntity[];
  readonly history: readonly HistoryEntity[];
}

export interface DescribeOptions {
  readonly now: number;
  readonly colours: boolean;
}

/** A job as a page of text: facts, summary, history, executions, output. */
export function describeJob({ job, executions, history }: ShownJob, { now, colours }: DescribeOptions): string {
  const { bold } = paint(colours);
  const section = (title: string, body: string): string => (body === "" ? "" : `\n${bold(title)}\n${body}`);
  return [
    facts(job, { now, colours }),
    section("Summary", summary(executions, colours)),
    section("Job History", table(historyColumns, history)),
    section("Executions", executions.length === 0 ? "none\n" : table(executionColumns(now, colours), executions)),
    section("Standard Output", outputOf(executions, "stdout")),
    section("Standard Error", outputOf(executions, "stderr")),
  ].join("");
}

function facts(job: ShownJob["job"], { now, colours }: DescribeOptions): string {
  const when = (at: number): string => `${fullTime(at)} (${ago(at, now)})`;
  const rows: readonly (readonly [string, string])[] = [
    ["ID", job.id],
    ["Name", job.name],
    ["Namespace", job.namespace],
    ["Type", job.type],
    ["State", stateColour(colours)(job.state.stateType)],
    ["Message", job.state.message],
    ["Count", String(job.count)],
    ["Created Time", when(job.createTime)],
    ["Modified Time", when(job.modifyTime)],
    ["Version", String(job.version)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name.padEnd(width)} = ${oneLine(value)}\n`)
    .join("");
}

function summary(executions: ShownJob["executions"], colours: boolean): string {
  const counts = Map.groupBy(executions, ({ computeState }) => computeState.stateType);
  const colour = stateColour(colours);
  return [...counts].map(([state, each]) => `${colour(state)} = ${each.length}\n`).join("");
}

/** The output of a job, in the order of its partitions, without control sequences except colours; line breaks and tabs stay. */
function outputOf(executions: ShownJob["executions"], stream: "stdout" | "stderr"): string {
  const written = [...executions]
    .sort((one, other) => one.partitionIndex - other.partitionIndex)
    .map(({ runOutput }) => runOutput?.[stream] ?? "")
    .join("");
  const safe = written
    .split("\n")
    .map((line) => line.split("\t").map(oneLine).join("\t"))
    .join("\n");
  return safe === "" || safe.endsWith("\n") ? safe : `${safe}\n`;
}
