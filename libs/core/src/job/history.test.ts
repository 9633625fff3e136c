import {
  commitVersion,
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionStopped,
  ExecutionsLost,
  ExecutionsStopping,
  JobCompleted,
  JobFailed,
  JobQueued,
  JobStopped,
  SlotsQueued,
  type StoredEvent,
} from "@shoal/proto";
import { expect, it } from "vitest";
import { sampleResources } from "../testing/samples.ts";
import { historyOf } from "./history.ts";

const output = { stdout: "", stdoutTruncated: false, stderr: "", stderrTruncated: false, exitCode: 0, errorMsg: "" };
const executionId = "e-1";

const traceOf = (...events: readonly StoredEvent[]) => {
  const aggregate = { kind: "job", namespace: "default", id: "j-1" } as const;
  const commit = {
    v: commitVersion,
    id: "c",
    at: 1,
    by: "r",
    actor: { type: "requester", id: "r" },
    cause: { command: "test" },
    epoch: 0,
    prev: "",
    events,
  } as const;
  return historyOf([{ aggregate, seq: 1, hash: "h", commit }]);
};
const topicOf = (event: StoredEvent): string | undefined => traceOf(event)[0]?.event.topic;

// The topics of Bacalhau's orchestrator; clients filter and colour by them.
it.each<[string, StoredEvent]>([
  ["Scheduling", JobStopped.of({ why: "enough" })],
  ["Scheduling", JobFailed.of({ code: "RETRIES_EXHAUSTED", why: "x" })],
  ["Scheduling", JobFailed.of({ code: "NO_NODE_FITS", why: "x" })],
  ["Job Timeout", JobFailed.of({ code: "JOB_TIMED_OUT", why: "x" })],
  ["State Update", JobCompleted.of({})],
  ["Queueing", JobQueued.of({ why: "x", answers: [] })],
  ["Scheduling", ExecutionsStopping.of({ slots: ["0"], why: "the job was stopped", until: 1 })],
  ["Execution", ExecutionStopped.of({ executionId })],
  ["Queueing", SlotsQueued.of({ slots: ["0"], why: "x", answers: [] })],
  ["Scheduling", ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "node has disappeared" })],
  ["Execution", ExecutionFailed.of({ executionId, code: "ENGINE_FAILED", why: "x" })],
  ["Exec Timeout", ExecutionFailed.of({ executionId, code: "EXECUTION_TIMED_OUT", why: "x" })],
  ["Execution", ExecutionCompleted.of({ executionId, output })],
])("has the topic %s for %j", (topic, event) => {
  expect(topicOf(event)).toBe(topic);
});

it("has one entry per execution for an event about several", () => {
  const assigned = ["0", "1", "n-a"].map((slot) =>
    ExecutionAssigned.of({
      executionId: `e-${slot}`,
      slot,
      attempt: 1,
      version: 1,
      nodeId: "n-a",
      askId: "a",
      resources: sampleResources,
      startBy: 1,
      answers: [],
    }),
  );
  const trace = traceOf(...assigned, ExecutionsLost.of({ slots: [[0, 1], "n-a"], code: "NODE_LOST", why: "gone" }));
  expect(trace.slice(3).map(({ seqNum, type, executionId }) => [seqNum, type, executionId])).toEqual([
    [4, "execution", "e-0"],
    [5, "execution", "e-1"],
    [6, "execution", "e-n-a"],
  ]);
});
