import { readAnswer } from "@shoal/client";
import { apiRoutes } from "@shoal/proto";
import { expect, it } from "vitest";
import { wireExecution, wireHistory, wireJob } from "../testing/wire-samples.ts";
import { describeJob } from "./describe-job.ts";

/** The page of a job, five seconds after it was created. */
function pageOf(executions: readonly unknown[], history: readonly unknown[]): readonly string[] {
  const json = { Job: wireJob("running"), Executions: { Items: executions }, History: { Items: history } };
  const read = readAnswer(apiRoutes.getJob, json);
  const shown = { job: read.job, executions: read.executions?.items ?? [], history: read.history?.items ?? [] };
  const page = describeJob(shown, { now: read.job.createTime + 5_000, colours: false });
  return page.split("\n");
}

const facts = [
  "ID            = j-1",
  "Name          = hello",
  "Namespace     = default",
  "Type          = batch",
  "State         = Running",
  "Count         = 1",
  "Created Time  = 2026-01-01 00:00:00Z (5s ago)",
  "Modified Time = 2026-01-01 00:00:00Z (5s ago)",
  "Version       = 1",
];

it("a job without executions is described by its facts and its history", () => {
  expect(pageOf([], [wireHistory(1, "it began")])).toEqual([
    ...facts,
    ...["", "Job History", "TIME          LEVEL  JOB-VERSION  EXEC. ID  TOPIC         EVENT"],
    "00:00:00.000  Job    1                      State Update  it began",
    ...["", "Executions", "none", ""],
  ]);
});

it("a job is described with its executions, the reasons in its history, and its output by partition", () => {
  const executions = [
    wireExecution("failed", { stdout: "two", stderr: "a\u001b[2Jwarning\n" }, 1),
    wireExecution("completed", { stdout: "one\tand\n" }, 0),
    wireExecution("completed"),
  ];
  const history = [
    wireHistory(1, "it waits", { reason: "no node fits" }),
    wireHistory(2, "it failed: no disk", { executionId: "e-1", reason: "no disk" }),
  ];
  const row = (partition: number, state: string) =>
    `5s ago   5s ago    e-1  1            n-one    ${partition}      3     ${state.padEnd(9)}  running  as it was seen`;
  expect(pageOf(executions, history)).toEqual([
    ...facts,
    ...["", "Summary", "Failed = 1", "Completed = 2"],
    ...["", "Job History", "TIME          LEVEL      JOB-VERSION  EXEC. ID  TOPIC         EVENT"],
    "00:00:00.000  Job        1                      State Update  it waits — no node fits",
    "00:00:00.000  Execution  1            e-1       State Update  it failed: no disk",
    ...["", "Executions"],
    "CREATED  MODIFIED  ID   JOB-VERSION  NODE ID  PART.  REV.  STATE      DESIRED  COMMENT",
    ...[row(1, "Failed"), row(0, "Completed"), row(0, "Completed")],
    ...["", "Standard Output", "one\tand", "two"],
    ...["", "Standard Error", "a [2Jwarning", ""],
  ]);
});
