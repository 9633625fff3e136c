import { foldJob } from "@shoal/core";
import { createSimulatedCluster, drive, sampleInfo, sampleSpec } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { createRequester } from "../../create-requester.ts";
import { memoryPorts } from "../../testing/memory-ports.ts";
import { TestNode } from "../../testing/scheduler-harness.ts";

const settings = {
  requesterId: "a",
  auction: { width: 3, rounds: 8, waitMs: 300 },
  nodes: { disconnectAfterMs: 6_000, settleMs: 2_500 },
  positionsMs: 1_000,
};
const inPool = (pool: string): JobSpec => ({
  ...sampleSpec({ resources: { cpu: "1", memory: "1Mb" } }),
  constraints: [{ key: "pool", operator: "=", values: [pool] }],
});

/** A requester and its nodes on memory ports: one node whose pool is full, and idle ones of another pool. */
async function cluster(idle: number) {
  const sim = createSimulatedCluster();
  const ports = memoryPorts(sim, "a");
  const requester = createRequester(settings, ports);
  const ids = ["gpu", ...Array.from({ length: idle }, (_, index) => `cpu-${index}`)];
  const nodes = ids.map((id) => {
    const { bidServer } = sim.node(id);
    const info = { ...sampleInfo(id), labels: { pool: id.slice(0, 3) } };
    const available = { ...info.available, cpuCores: id === "gpu" ? 0 : 4 };
    const node = new TestNode({ ...info, available }, true);
    const beat = (): void => {
      bidServer.heartbeat({ info: node.info, startedAt: 1, protocol: 1, at: sim.clock.now() });
      sim.clock.at(sim.clock.now() + 1_000, beat);
    };
    return { bidServer, node, beat };
  });
  const driving = drive(sim.clock);
  for (const process of [ports.catalog, ...requester.processes]) await process.start();
  for (const { bidServer, node } of nodes)
    await bidServer.onAsk(async ({ asks }) => ({ bids: asks.map((ask) => node.answer(ask)) }));
  driving.stop();
  for (const { beat } of nodes) beat();
  await sim.clock.advance(5_000);
  const submit = async (spec: JobSpec) => {
    const { jobId } = await requester.commands.submit({ spec, actor: { type: "client", id: "test" } });
    const ref = { kind: "job", namespace: "default", id: jobId };
    return () => foldJob(sim.log.load(ref, 0))?.header;
  };
  const submitAll = async (specs: readonly JobSpec[]) => {
    const submitting = Promise.all(specs.map(submit));
    await sim.clock.advance(2_000);
    return submitting;
  };
  const asks = () => nodes.reduce((sum, { node }) => sum + node.asks, 0);
  return { sim, nodes, submitAll, asks };
}

describe("a requester with 260 jobs that wait for one full pool", () => {
  it("starts a small job that fits another pool at once", async () => {
    const { sim, submitAll } = await cluster(5);
    const waiting = await submitAll(Array.from({ length: 260 }, () => inPool("gpu")));
    await sim.clock.advance(10_000);
    expect(new Set(waiting.map((header) => header()?.state))).toEqual(new Set(["queued"]));
    const [small] = await submitAll([inPool("cpu")]);
    expect(small?.()?.state).toBe("running");
  });

  it("asks no node while heartbeats show no freed room, and starts one job for each freed slot", async () => {
    const { sim, submitAll, asks, nodes } = await cluster(1);
    const waiting = await submitAll(Array.from({ length: 260 }, () => inPool("gpu")));
    await sim.clock.advance(5_000);
    const before = asks();
    await sim.clock.advance(60_000);
    expect(asks() - before).toBe(0);
    nodes[0]?.node.change({ cpuCores: 3, memoryBytes: 0, diskBytes: 0, gpus: 0 }, 1);
    await sim.clock.advance(2_000);
    expect(waiting.filter((header) => header()?.state === "running")).toHaveLength(3);
    expect(asks() - before).toBeLessThanOrEqual(4);
  });
});
