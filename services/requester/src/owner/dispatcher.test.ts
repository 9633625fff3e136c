import type { CommandBus, CommandEnvelope, JobCommand } from "@shoal/core";
import { sampleSpec } from "@shoal/core/testing";
import { executionIdOf } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import {
  client,
  jobIds,
  jobRef,
  knownKinds,
  type OwnedShard,
  reported,
  type ShardHarness,
  shardHarness,
  submitted,
} from "../testing/shard-harness.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";

const count = 1_000;
const [id = ""] = jobIds(1);
const resources = { cpuCores: 0.5, memoryBytes: 1, diskBytes: 0, gpus: 0 };
const stop = (commandId: string): CommandEnvelope<JobCommand> => ({
  id: commandId,
  aggregate: jobRef(id),
  command: { name: "Stop", why: "enough" },
  actor: client,
});

/** Another requester's dispatcher: it owns nothing. */
function dispatcherOf({ sim }: ShardHarness, by: string, bus?: CommandBus): Dispatcher {
  const ports = sim.requester(by, knownKinds);
  return createDispatcher({
    ...{ ports: { ...ports, commands: bus ?? ports.commands }, kinds: knownKinds, by },
    local: () => undefined,
    onAppended: () => undefined,
  });
}

/** A job of a thousand executions whose nodes report without a pause, owned by "a". */
async function busy() {
  const harness = shardHarness();
  const { sim, give, open } = harness;
  await give(id, { name: "Submit", jobId: id, spec: sampleSpec({ count }) } satisfies JobCommand);
  const places = Array.from({ length: count }, (_, n) => ({
    slot: `${n}`,
    nodeId: "n-one",
    askId: `a-${n}`,
    resources,
  }));
  await give(id, { name: "Place", places, answers: [] });
  const owned = await open("a");
  await sim.clock.advance(2_000);
  return { ...harness, owned, report: () => reportAll(owned, harness) };
}

/** Every execution reports, one every three milliseconds, for three seconds; resolves when all are decided. */
async function reportAll({ shard }: OwnedShard, { sim }: ShardHarness): Promise<void> {
  for (let n = 0; n < count; n++) {
    const executionId = executionIdOf({ jobId: id, version: 1, slot: `${n}`, attempt: 1 });
    const report = reported({ kind: "running", startedAt: 1 });
    const command: JobCommand = { name: "Report", nodeId: "n-one", executionId, report };
    void shard
      .command({ aggregate: jobRef(id), command, actor: { type: "node", id: `n-${n % 3}` } })
      .catch(() => undefined);
    await sim.clock.advance(3);
  }
}

const stops = ({ sim }: ShardHarness) => sim.log.entries.filter(({ commit }) => commit.cause.command === "Stop");

describe("the stop of a job of a thousand executions that is busy with reports", () => {
  it.each([
    ["here", (harness: Awaited<ReturnType<typeof busy>>) => harness.owned.shard.command(stop("s"))],
    ["elsewhere", (harness: Awaited<ReturnType<typeof busy>>) => dispatcherOf(harness, "b").send(stop("s"))],
    [
      "by a requester that the bus does not reach",
      (harness: Awaited<ReturnType<typeof busy>>) => dispatcherOf(harness, "b", deafBus(harness)).send(stop("s")),
    ],
  ])("is decided when it is owned %s", async (_, send) => {
    const harness = await busy();
    const reporting = harness.report();
    const reply = await harness.until(send(harness));
    await reporting;
    expect(reply).toMatchObject({ ok: true, changed: true, seq: stops(harness)[0]?.seq });
    expect(stops(harness)).toHaveLength(1);
  });

  it("is decided once when the owner gets the command long after it was given up", async () => {
    const harness = await busy();
    const late: CommandEnvelope[] = [];
    const reply = await harness.until(dispatcherOf(harness, "b", deafBus(harness, late)).send(stop("s")));
    expect(late).toHaveLength(1);
    const repeated = await harness.until(dispatcherOf(harness, "c").send(stop("s")));
    expect(repeated).toEqual(reply);
    expect(stops(harness)).toHaveLength(1);
  });
});

/** A bus on which every command is lost; it records what was sent. */
function deafBus({ sim }: ShardHarness, sent: CommandEnvelope[] = []): CommandBus {
  return {
    send: (_shard, envelope, waitMs) => {
      sent.push(envelope);
      return new Promise((resolve) => void sim.clock.at(sim.clock.now() + waitMs, () => resolve(undefined)));
    },
    serve: async () => ({ close: async () => undefined }),
  };
}

it("a silent bus delays a command by two seconds", async () => {
  const harness = await busy();
  const sentAt = harness.sim.clock.now();
  await harness.until(dispatcherOf(harness, "b", deafBus(harness)).send(stop("s")));
  const waitedMs = harness.sim.clock.now() - sentAt;
  expect(waitedMs).toBeGreaterThanOrEqual(2_000);
  expect(waitedMs).toBeLessThan(2_100);
});

describe("the creation of a job", () => {
  const submit = (commandId: string): CommandEnvelope<JobCommand> => ({
    id: commandId,
    aggregate: jobRef(id),
    command: submitted(id),
    actor: client,
  });

  it("with the same id is decided once, whichever requester gets it", async () => {
    const harness = shardHarness();
    const first = await harness.until(dispatcherOf(harness, "a").create(submit("one")));
    const second = await harness.until(dispatcherOf(harness, "b").create(submit("one")));
    expect(first).toMatchObject({ reply: { ok: true, changed: true }, existing: undefined });
    expect(second).toMatchObject({ reply: first.reply, existing: { commit: { cause: { id: "one" } } } });
    expect(harness.sim.log.entries).toHaveLength(1);
  });

  it("is recognized when the job has changed since", async () => {
    const harness = shardHarness();
    const first = await harness.until(dispatcherOf(harness, "a").create(submit("one")));
    for (let n = 0; n < 3; n++) await harness.until(dispatcherOf(harness, "a").send(stop(`stop-${n}`)));
    const repeated = await harness.until(dispatcherOf(harness, "b").create(submit("one")));
    expect(repeated.reply).toEqual(first.reply);
  });

  it("by another id is refused", async () => {
    const harness = shardHarness();
    await harness.until(dispatcherOf(harness, "a").create(submit("one")));
    const { reply, existing } = await harness.until(dispatcherOf(harness, "b").create(submit("two")));
    expect(reply).toMatchObject({ ok: false, rejection: { code: "JOB_EXISTS" } });
    expect(existing).toBeUndefined();
    expect(harness.sim.log.entries).toHaveLength(1);
  });

  it("by two requesters concurrently creates one job", async () => {
    const harness = shardHarness();
    const both = ["a", "b"].map((by) => dispatcherOf(harness, by).create(submit(by)));
    const replies = await harness.until(Promise.all(both));
    expect(replies.map(({ reply }) => reply.ok).sort()).toEqual([false, true]);
    expect(harness.sim.log.entries).toHaveLength(1);
  });
});
