import type { StoredCommit } from "@shoal/core";
import { commitVersion, type StoredEvent } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { type Acknowledgements, brokenPromises, createTrace } from "./invariants.ts";

// Tests the checker of the crash tests: each case violates one rule.
const submitted = { type: "JobSubmitted", v: 1, data: { spec: { count: 2 } } };
const assigned = (partition: number, attempt = 1) => ({
  type: "ExecutionAssigned",
  v: 1,
  data: { executionId: `e-${partition}-${attempt}`, nodeId: "n", slot: `${partition}`, attempt },
});
const of = (type: string, partition: number, attempt = 1) => ({
  type,
  v: 1,
  data: { executionId: `e-${partition}-${attempt}` },
});
const lost = (partition: number) => ({ type: "ExecutionsLost", v: 1, data: { slots: [`${partition}`] } });
const stopping = { type: "ExecutionsStopping", v: 1, data: { slots: [[0, 1]] } };
const done = (partition: number) => [of("ExecutionStarted", partition), of("ExecutionCompleted", partition)];
const completed = { type: "JobCompleted", v: 1, data: {} };
const stopped = { type: "JobStopped", v: 1, data: { why: "enough" } };
const whole = [[submitted], [assigned(0), assigned(1)], done(0), [...done(1), completed]];

const commit = (seq: number, events: readonly StoredEvent[]): StoredCommit => ({
  aggregate: { kind: "job", namespace: "default", id: "j" },
  seq,
  hash: `hash ${seq}`,
  commit: {
    ...{
      v: commitVersion,
      id: `c-${seq}`,
      at: 0,
      by: "r",
      actor: { type: "requester" as const, id: "r" },
      cause: { command: "" },
      epoch: 1,
    },
    prev: seq === 1 ? "" : `hash ${seq - 1}`,
    events,
  },
});

const acknowledgements: Acknowledgements = { acknowledged: new Set(["j"]), stopped: new Set() };

function violationsOf(commits: readonly StoredCommit[], clients: Partial<Acknowledgements> = {}): readonly string[] {
  const trace = createTrace();
  for (const each of commits) trace.take(each);
  return brokenPromises(trace, { ...acknowledgements, ...clients });
}
const trace = (...events: readonly (readonly StoredEvent[])[]) => events.map((each, index) => commit(index + 1, each));

describe("a log", () => {
  it("has no violations when it is valid", () => {
    expect(violationsOf(trace(...whole))).toEqual([]);
    expect(violationsOf(trace([submitted], [stopped]), { stopped: new Set(["j"]) })).toEqual([]);
    const ends = [[of("ExecutionStopped", 0)], [lost(1)]];
    const late = trace([submitted], [assigned(0), assigned(1)], [stopping, stopped], ...ends);
    expect(violationsOf(late, { stopped: new Set(["j"]) })).toEqual([]);
  });

  it.each<readonly [string, readonly (readonly StoredEvent[])[], RegExp]>([
    ["a job twice", [[submitted], [submitted], ...whole.slice(1)], /submitted twice/],
    ["two live executions", [[submitted], [assigned(0), assigned(0, 2)], [stopped]], /two live executions/],
    ["a second completion", [...whole.slice(0, 3), [assigned(0, 2), ...done(0)]], /assigned after its completion/],
    ["an execution after its end", [...whole.slice(0, 3), [of("ExecutionFailed", 0)]], /failed after it was completed/],
    ["an unknown execution", [[submitted], [of("ExecutionStarted", 7)]], /never assigned/],
    ["an id twice", [[submitted], [assigned(0)], [lost(0)], [assigned(0)]], /assigned twice/],
    ["a skipped attempt", [[submitted], [assigned(0, 2)]], /attempt 2 of partition 0 came after 0/],
    ["an event after the end", [...whole, [assigned(0, 2)]], /came after it was completed/],
    ["a second end", [...whole, [stopped]], /JobStopped came after it was completed/],
    ["an end too early", [[submitted], [assigned(0)], [...done(0), completed]], /1 of 2 partitions/],
    ["an end with something running", [[submitted], [assigned(0)], [stopped]], /while e-0-1 is live/],
    [
      "an execution that stays in stopping",
      [[submitted], [assigned(0), assigned(1)], [stopping, stopped]],
      /is not settled; live: 0 on n, 1 on n/,
    ],
    ["no end", [[submitted], [assigned(0)]], /has not ended; live: 0 on n/],
  ])("is invalid with %s", (_, events, why) => {
    expect(violationsOf(trace(...events)).join("\n")).toMatch(why);
  });

  it("is invalid with a broken chain, a wrong order, or a repeated commit", () => {
    const [first, second] = trace([submitted], [stopped]);
    if (first === undefined || second === undefined) throw new Error("two commits");
    const forged = { ...second, commit: { ...second.commit, prev: "another" } };
    expect(violationsOf([first, forged]).join()).toMatch(/chain of .* is broken at 2/);
    expect(violationsOf([first, { ...second, seq: 1 }]).join()).toMatch(/position 1 came after 1/);
    expect(violationsOf([first, { ...second, commit: { ...second.commit, id: "c-1" } }]).join()).toMatch(/is repeated/);
  });

  it("must match the responses to clients", () => {
    expect(violationsOf([]).join()).toMatch(/j was acknowledged and is not in the log/);
    expect(violationsOf(trace(...whole), { acknowledged: new Set() }).join()).toMatch(/not acknowledged/);
    expect(violationsOf(trace(...whole), { stopped: new Set(["j"]) }).join()).toMatch(
      /stopped for a client and is completed/,
    );
  });
});
