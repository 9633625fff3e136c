import { commitVersion } from "@shoal/proto";
import { expect, it } from "vitest";
import { foldJob } from "./fold.ts";
import type { JobEvent } from "./job/evolve.ts";
import type { StoredCommit } from "./ports/event-log.ts";
import { sampleAt, sampleExecutionId, sampleJobId, sampleResources, sampleSpec } from "./testing/samples.ts";

const stored = (seq: number, ...events: readonly JobEvent[]): StoredCommit => ({
  aggregate: { kind: "job", namespace: "default", id: sampleJobId },
  seq,
  hash: `h-${seq}`,
  commit: {
    v: commitVersion,
    id: `c-${seq}`,
    at: sampleAt,
    by: "r",
    actor: { type: "requester", id: "r" },
    cause: { command: "Test" },
    epoch: 1,
    prev: "",
    events,
  },
});

const submitted: JobEvent = {
  type: "JobSubmitted",
  v: 1,
  data: { jobId: sampleJobId, spec: sampleSpec({ count: 2 }), version: 1 },
};
const assigned = (partition: number): JobEvent => ({
  type: "ExecutionAssigned",
  v: 1,
  data: {
    executionId: sampleExecutionId(partition),
    slot: `${partition}`,
    attempt: 1,
    version: 1,
    nodeId: "n-one",
    askId: "a",
    resources: sampleResources,
    startBy: sampleAt,
    answers: [],
  },
});
const started = (partition: number): JobEvent => ({
  type: "ExecutionStarted",
  v: 1,
  data: { executionId: sampleExecutionId(partition), startedAt: sampleAt },
});

it("leaves the state before a commit unchanged", () => {
  const before = foldJob([stored(1, submitted, assigned(0))]);
  const plain = (job: typeof before) =>
    JSON.stringify(job, (_, value) => (value instanceof Object && Symbol.iterator in value ? [...value] : value));
  const snapshot = plain(before);
  const after = foldJob([stored(2, started(0), assigned(1), started(1))], before);
  expect(plain(before)).toBe(snapshot);
  expect([...(after?.live.values() ?? [])].map(({ state }) => state)).toEqual(["running", "running"]);
});

it("gives the same result for one commit and for many", () => {
  const events = [submitted, assigned(0), assigned(1), started(1), started(0)];
  const inOne = foldJob([stored(1, ...events)]);
  const inMany = foldJob(events.map((event) => stored(1, event)));
  expect(inOne).toEqual(inMany);
});
