import { commitVersion, type StoredEvent } from "@shoal/proto";
import { expect, it } from "vitest";
import { foldAggregate } from "./aggregate.ts";
import { type Moment, writable } from "./decider.ts";
import { foldCommit, folding, foldJob } from "./fold.ts";
import { evolveJob, type JobEvent } from "./job/evolve.ts";
import type { Job } from "./job/job.ts";
import { jobKind } from "./job/kind.ts";
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

/** A job as text, its maps included. */
const plain = (job: unknown): string =>
  JSON.stringify(job, (_, value) => (value instanceof Object && Symbol.iterator in value ? [...value] : value));

it("leaves the state before a commit unchanged", () => {
  const before = foldJob([stored(1, submitted, assigned(0))]);
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

it("copies an aggregate once for all commits of a fold, and leaves the state before it as it was", () => {
  type Counted = ReadonlyMap<string, number>;
  const copies = new Set<Counted>();
  const kind = {
    ...jobKind,
    evolve(before: Counted | undefined, _: StoredEvent, moment: Moment): Counted {
      const after = writable<string, number>(before ?? new Map(), moment);
      copies.add(after);
      return after.set(`${moment.seq}`, moment.at);
    },
  };
  const commits = [1, 2, 3, 4].map((seq) => stored(seq, submitted));
  const first = foldAggregate<Counted>(kind as never, commits.slice(0, 2));
  expect(first.state?.size).toBe(2);
  expect(copies.size).toBe(1);
  const fold = folding<Counted, StoredEvent>(kind.evolve);
  const last = commits.slice(2).reduce<Counted | undefined>(fold, first.state);
  expect([first.state?.size, last?.size]).toEqual([2, 4]);
  expect(copies.size).toBe(2);
});
it("folds a job as one commit after another does", () => {
  const commits = [stored(1, submitted), stored(2, assigned(0)), stored(3, assigned(1))];
  const before = foldJob(commits.slice(0, 2));
  const copy = plain(before);
  const one = commits.reduce<Job | undefined>(
    (job, each) => foldCommit<Job, JobEvent>(evolveJob, job, each),
    undefined,
  );
  expect(foldJob(commits)).toEqual(one);
  expect(foldJob(commits.slice(2), before)).toEqual(one);
  expect(plain(before)).toBe(copy);
});
