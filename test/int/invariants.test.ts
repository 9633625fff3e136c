import type { StoredCommit } from "@shoal/core";
import { commitVersion, type StoredEvent } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { brokenPromises, createTrace, type Told } from "./invariants.ts";

// The judge of the drills is judged here: every rule is broken once.
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

const collected: Told = { acknowledged: new Set(["j"]), stopped: new Set() };

function judged(commits: readonly StoredCommit[], clients: Partial<Told> = {}): readonly string[] {
  const trace = createTrace();
  for (const each of commits) trace.take(each);
  return brokenPromises(trace, { ...collected, ...clients });
}
const trace = (...events: readonly (readonly StoredEvent[])[]) => events.map((each, index) => commit(index + 1, each));

describe("a log", () => {
  it("is found good when it is", () => {
    expect(judged(trace(...whole))).toEqual([]);
    expect(judged(trace([submitted], [stopped]), { stopped: new Set(["j"]) })).toEqual([]);
    const ends = [[of("ExecutionStopped", 0)], [lost(1)]];
    const late = trace([submitted], [assigned(0), assigned(1)], [stopping, stopped], ...ends);
    expect(judged(late, { stopped: new Set(["j"]) })).toEqual([]);
  });

  it.each<readonly [string, readonly (readonly StoredEvent[])[], RegExp]>([
    ["a job twice", [[submitted], [submitted], ...whole.slice(1)], /submitted twice/],
    ["two live executions", [[submitted], [assigned(0), assigned(0, 2)], [stopped]], /two live executions/],
    ["a second completion", [...whole.slice(0, 3), [assigned(0, 2), ...done(0)]], /assigned after its completion/],
    ["an execution after its end", [...whole.slice(0, 3), [of("ExecutionFailed", 0)]], /failed after it was completed/],
    ["an execution out of nowhere", [[submitted], [of("ExecutionStarted", 7)]], /never assigned/],
    ["an id twice", [[submitted], [assigned(0)], [lost(0)], [assigned(0)]], /assigned twice/],
    ["a try left out", [[submitted], [assigned(0, 2)]], /try 2 of partition 0 came after 0/],
    ["an event after the end", [...whole, [assigned(0, 2)]], /came after it was completed/],
    ["a second end", [...whole, [stopped]], /JobStopped came after it was completed/],
    ["an end too early", [[submitted], [assigned(0)], [...done(0), completed]], /1 of 2 partitions/],
    ["an end with something running", [[submitted], [assigned(0)], [stopped]], /while e-0-1 is live/],
    [
      "something that stops for ever",
      [[submitted], [assigned(0), assigned(1)], [stopping, stopped]],
      /is not settled; live: 0 on n, 1 on n/,
    ],
    ["no end", [[submitted], [assigned(0)]], /has not ended; live: 0 on n/],
  ])("is found out with %s", (_, events, why) => {
    expect(judged(trace(...events)).join("\n")).toMatch(why);
  });

  it("is found out when its chain is broken, its order is not, or a commit stands twice", () => {
    const [first, second] = trace([submitted], [stopped]);
    if (first === undefined || second === undefined) throw new Error("two commits");
    const forged = { ...second, commit: { ...second.commit, prev: "another" } };
    expect(judged([first, forged]).join()).toMatch(/chain of .* is broken at 2/);
    expect(judged([first, { ...second, seq: 1 }]).join()).toMatch(/position 1 came after 1/);
    expect(judged([first, { ...second, commit: { ...second.commit, id: "c-1" } }]).join()).toMatch(/stands twice/);
  });

  it("is held to what clients were told", () => {
    expect(judged([]).join()).toMatch(/j was acknowledged and is not in the log/);
    expect(judged(trace(...whole), { acknowledged: new Set() }).join()).toMatch(/nobody was told/);
    expect(judged(trace(...whole), { stopped: new Set(["j"]) }).join()).toMatch(
      /stopped for a client and is completed/,
    );
  });
});
