import type { Job, StoredCommit } from "@shoal/core";
import { type SimulatedCluster, sampleSpec } from "@shoal/core/testing";
import { type AggregateRef, commitVersion, shardCount, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMixedCluster, type MixedCluster, type RunningRequester as Running } from "./mixed-cluster.ts";

let mixed: MixedCluster;
let sim: SimulatedCluster;
beforeEach(() => {
  mixed = createMixedCluster();
  ({ sim } = mixed);
});
afterEach(() => mixed.close());

const actor = { type: "client", id: "test" } as const;
const refOf = (id: string): AggregateRef => ({ kind: "job", namespace: "default", id });
const stateOf = (jobId: string): Job["header"]["state"] | "" => {
  const entry: unknown = sim.views.jobs.get(`default.${jobId}`);
  const state = /"stateType":"(\w+)"/.exec(JSON.stringify(entry ?? {}))?.[1] ?? "";
  return state as Job["header"]["state"] | "";
};
const untilState = (jobId: string, state: string) => expect.poll(() => stateOf(jobId), { timeout: 20_000 }).toBe(state);

async function submit({ requester }: Running, seconds: number): Promise<string> {
  const spec = sampleSpec({ params: { RunSeconds: seconds }, resources: { cpu: "10m", memory: "1Mb" } });
  return (await requester.commands.submit({ spec, actor })).jobId;
}

/** A job of some seconds; a message of a later release follows its commits while it runs. */
async function submitAndPut(running: Running, text: (last: StoredCommit) => string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const onAppended = ({ aggregate, commit }: StoredCommit): void => {
    if (!commit.events.some(({ type }) => type === "ExecutionStarted")) return;
    sim.log.onAppended.delete(onAppended);
    sim.clock.at(sim.clock.now() + 100, () => {
      sim.log.put(aggregate, text(lastOf(aggregate.id)));
      resolve(aggregate.id);
    });
  };
  sim.log.onAppended.add(onAppended);
  await submit(running, 5);
  return await promise;
}

/** Submits jobs until one is in the same shard. */
async function submitBeside(running: Running, jobId: string): Promise<string> {
  for (;;) {
    const other = await submit(running, 0);
    if (shardOf(other) === shardOf(jobId)) return other;
  }
}

const messagesOf = (jobId: string) => sim.log.messagesOf(refOf(jobId));
const lastOf = (jobId: string): StoredCommit => sim.log.load(refOf(jobId), 0).at(-1) ?? expect.unreachable();
const noted = ({ hash, commit }: StoredCommit): string =>
  JSON.stringify({
    ...commit,
    v: commitVersion,
    id: "c-noted",
    cause: { command: "Note" },
    prev: hash,
    events: [{ type: "JobNoted", v: 1, data: { note: "hello" } }],
  });
const quarantined = ({ requester }: Running) =>
  [...requester.owner.holdings().values()].flatMap((each) => each.quarantined.map(({ aggregate }) => aggregate.id));

describe("a job whose log a requester cannot read", () => {
  it("does not affect other aggregates of its shard, at the requester's start or while it runs", async () => {
    const a = await mixed.startRequester("r-a", "current");
    await mixed.startNode();
    const jobId = await submit(a, 3_600);
    await untilState(jobId, "running");
    sim.log.put(refOf(jobId), noted(lastOf(jobId)));
    await expect.poll(() => quarantined(a)).toEqual([jobId]);
    await untilState(await submitBeside(a, jobId), "completed");
    await a.stop();
    const b = await mixed.startRequester("r-b", "current");
    await expect.poll(() => [b.requester.owner.holdings().size, ...quarantined(b)]).toEqual([shardCount, jobId]);
    await untilState(await submitBeside(b, jobId), "completed");
    expect(mixed.lines.filter((line) => line.includes("could not claim a shard"))).toEqual([]);
  });
  it("is continued by a requester of the next release, to which the node resends its reports", async () => {
    const a = await mixed.startRequester("r-a", "current");
    await mixed.startNode();
    const jobId = await submitAndPut(a, noted);
    // The execution ends while no requester can decide on its report, which is refused and counted.
    await expect.poll(() => mixed.lines.some((line) => line.includes("refused a report"))).toBe(true);
    await a.stop();
    const before = messagesOf(jobId).length;
    const b = await mixed.startRequester("r-b", "next");
    await untilState(jobId, "completed");
    expect(quarantined(b)).toEqual([]);
    expect(messagesOf(jobId).length).toBeGreaterThan(before);
    const chain = sim.log.load(refOf(jobId), 0);
    expect(chain.map(({ commit }) => commit.prev)).toEqual(["", ...chain.slice(0, -1).map(({ hash }) => hash)]);
    expect(sim.views.open.get(`${shardOf(jobId)}.job.default.${jobId}`)).toBeUndefined();
  });
  it("gets no commit after one of a later form, from its owner or from another requester", async () => {
    const a = await mixed.startRequester("r-a", "current");
    const b = await mixed.startRequester("r-b", "current");
    await mixed.startNode();
    const jobId = await submitAndPut(a, ({ hash: prev }) =>
      JSON.stringify({ v: commitVersion + 1, id: "c-later", prev, ops: ["stop"] }),
    );
    await expect.poll(() => [...quarantined(a), ...quarantined(b)]).toEqual([jobId]);
    for (const { requester } of [a, b])
      await expect(requester.commands.stop(jobId, { why: "enough", actor })).rejects.toMatchObject({
        code: "LOG_NEWER",
      });
    await expect.poll(() => mixed.lines.some((line) => line.includes("refused a report"))).toBe(true);
    expect(messagesOf(jobId).at(-1)?.text).toContain("c-later");
  });
});
