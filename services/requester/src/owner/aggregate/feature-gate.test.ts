import { type CommandReply, causeOf } from "@shoal/core";
import {
  createSimulatedCluster,
  drive,
  type MemoCommand,
  nextFeatureLevel,
  ofNextType,
  type ReleaseName,
  releases,
  type SimulatedCluster,
  sampleSpec,
} from "@shoal/core/testing";
import { type AggregateRef, shardCount } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRequester, type Requester } from "../../create-requester.ts";
import { memoryPorts } from "../../testing/memory-ports.ts";

let sim: SimulatedCluster;
let driving: ReturnType<typeof drive>;
const warnings: string[] = [];
const closers: (() => Promise<void>)[] = [];
beforeEach(() => {
  sim = createSimulatedCluster({ kinds: releases.next.kinds });
  driving = drive(sim.clock);
  warnings.length = 0;
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  driving.stop();
});

const settings = {
  auction: { width: 3, rounds: 1, waitMs: 100 },
  nodes: { disconnectAfterMs: 6_000, settleMs: 1_000 },
  positionsMs: 100,
};

async function boot(requesterId: string, release: ReleaseName): Promise<Requester> {
  const note = (_: object, sentence: string) => void warnings.push(`${requesterId}: ${sentence}`);
  const { kinds } = releases[release];
  const ports = memoryPorts(sim, requesterId, { logger: { info: () => undefined, warn: note }, kinds });
  const requester = createRequester({ ...settings, requesterId, ...releases[release] }, ports);
  const processes = [ports.catalog, ...requester.processes];
  for (const each of processes) await each.start();
  closers.push(async () => {
    for (const each of processes.toReversed()) await each.stop();
  });
  return requester;
}

const actor = { type: "client", id: "test" } as const;
const owns = (requester: Requester) => requester.owner.holdings().size;
const submit = (requester: Requester, spec = sampleSpec()) => requester.commands.submit({ spec, actor });
const write = (requester: Requester, kind: string): Promise<CommandReply> => {
  const aggregate: AggregateRef = { kind, namespace: "default", id: `${kind}-1` };
  const command: MemoCommand = { name: "Write", text: "hello" };
  return requester.dispatcher.create({ id: `write-${kind}`, aggregate, command, actor }).then(({ reply }) => reply);
};
const refused = { ok: false, rejection: { code: "FEATURE_LEVEL" } };
const raise = (level: number) => sim.requester("operator").leases.raiseFeatureLevel(level);

describe("an addition of the next release", () => {
  it("is refused by name until the feature level is raised, and allowed after it", async () => {
    const next = await boot("r-next", "next");
    const { jobId } = await submit(next);
    const aggregate = { kind: "job", namespace: "default", id: jobId };
    const note = (id: string) =>
      next.dispatcher.send({ id, aggregate, command: { name: "Note", note: "n" } as never, actor });
    await expect(submit(next, ofNextType(sampleSpec()))).rejects.toMatchObject({ code: "FEATURE_LEVEL" });
    expect(await note("n-1")).toMatchObject(refused);
    expect(await write(next, "pool")).toMatchObject(refused);
    expect(await write(next, "memo")).toMatchObject({
      ok: false,
      rejection: { code: "FEATURE_LEVEL", why: "memo (MemoWritten) needs level 2, the cluster is at 1" },
    });
    expect(sim.log.entries.map(({ aggregate: { kind } }) => kind)).not.toContain("pool");
    await raise(nextFeatureLevel);
    await expect.poll(() => next.features.level()).toBe(nextFeatureLevel);
    await submit(next, ofNextType(sampleSpec()));
    for (const reply of [await note("n-2"), await write(next, "pool"), await write(next, "memo")])
      expect(reply).toMatchObject({ ok: true });
  });
  it("is not refused at its feature level", async () => {
    const current = await boot("r-now", "current");
    expect(await write(current, "memo")).toMatchObject({ ok: true });
  });
});

describe("a requester below the cluster's feature level", () => {
  it("releases its shards to the others, appends nothing, and logs that once", async () => {
    const old = await boot("r-old", "current");
    const next = await boot("r-next", "next");
    await expect.poll(() => [owns(old), owns(next)]).toEqual([shardCount / 2, shardCount / 2]);
    await raise(nextFeatureLevel);
    await expect.poll(() => [owns(old), owns(next)]).toEqual([0, shardCount]);
    expect(await submit(old).catch(causeOf)).toMatchObject({ code: "REQUESTER_BEHIND" });
    const mine = sim.log.messages.filter(({ text }) => text.includes('"by":"r-old"')).length;
    await submit(next);
    await raise(nextFeatureLevel);
    expect(sim.log.messages.filter(({ text }) => text.includes('"by":"r-old"'))).toHaveLength(mine);
    expect(warnings.filter((line) => line.includes("does not support"))).toEqual([
      "r-old: this requester does not support the cluster's feature level and owns nothing",
    ]);
  });
  it("claims nothing when it starts, also alone", async () => {
    await raise(nextFeatureLevel);
    const old = await boot("r-old", "current");
    await expect.poll(() => old.features.isBehind()).toBe(true);
    expect(owns(old)).toBe(0);
    expect(await submit(old).catch(causeOf)).toMatchObject({ code: "REQUESTER_BEHIND" });
    expect(sim.leases.snapshot().owners.size).toBe(0);
    expect(sim.log.messages).toEqual([]);
  });
  it("still passes commands on to the owner", async () => {
    const old = await boot("r-old", "current");
    const next = await boot("r-next", "next");
    await raise(nextFeatureLevel);
    await expect.poll(() => [owns(old), owns(next)]).toEqual([0, shardCount]);
    await write(next, "memo");
    const aggregate = { kind: "memo", namespace: "default", id: "memo-1" };
    const command: MemoCommand = { name: "Close" };
    // While the new owner still opens its shard, no owner answers.
    const send = () => old.dispatcher.send({ id: "close", aggregate, command, actor }).catch(causeOf);
    await expect.poll(send).toMatchObject({ changed: true });
    expect(sim.log.entries.at(-1)?.commit.by).toBe("r-next");
  });
});
