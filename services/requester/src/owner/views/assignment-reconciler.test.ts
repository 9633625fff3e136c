import { foldJob, liveExecutions, silentLogger, type ViewStore } from "@shoal/core";
import { createSimulatedCluster, entriesOf, type SimulatedCluster, sampleInfo } from "@shoal/core/testing";
import { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { createRequester } from "../../create-requester.ts";
import { memoryPorts } from "../../testing/memory-ports.ts";
import { AssignmentReconciler } from "./assignment-reconciler.ts";

const nodeId = "n-one";
const settings = {
  auction: { width: 1, rounds: 1, waitMs: 100 },
  nodes: { disconnectAfterMs: 3_600_000, settleMs: 500 },
  positionsMs: 1_000,
};
const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });

/** A node that accepts every assignment and does nothing. */
async function idleNode(sim: SimulatedCluster) {
  const { bidServer, clock } = sim.node(nodeId);
  await bidServer.onAsk(async ({ asks }) => ({
    bids: asks.map(({ askId, slots }) => ({ askId, nodeId, accepted: true, slots, score: 1 })),
  }));
  bidServer.heartbeat({ info: sampleInfo(nodeId), startedAt: clock.now(), at: clock.now(), protocol: 1 });
  return bidServer;
}

/** A requester, which claims the shards without an owner. */
async function startRequester(sim: SimulatedCluster, requesterId: string) {
  const ports = memoryPorts(sim, requesterId);
  const requester = createRequester({ ...settings, requesterId }, ports);
  const processes = [ports.catalog, ...requester.processes];
  for (const process of processes) {
    const started = process.start();
    await sim.clock.advance(100);
    await started;
  }
  await sim.clock.advance(1_000);
  const end = async () => {
    for (const process of processes.toReversed()) {
      const ended = process.stop();
      await sim.clock.advance(100);
      await ended;
    }
  };
  return { ports, requester, end };
}

/** A requester with one job, assigned to the node. */
async function harness() {
  const sim = createSimulatedCluster();
  const { ports, requester, end } = await startRequester(sim, "a");
  const bidServer = await idleNode(sim);
  await sim.clock.advance(2_000);
  const submitting = requester.commands.submit({ spec, actor: { type: "client", id: "test" } });
  await sim.clock.advance(2_000);
  const { jobId } = await submitting;
  const ref = { kind: "job", namespace: "default", id: jobId } as const;
  const live = () => {
    const job = foldJob(sim.log.load(ref, 0));
    return job === undefined ? [] : liveExecutions(job).map(({ placement }) => placement.executionId);
  };
  const stop = async () => {
    const stopped = live()[0] ?? "";
    const stopping = requester.commands.stop(jobId, { why: "test", actor: { type: "client", id: "test" } });
    await sim.clock.advance(1_000);
    await stopping;
    // The execution occupies the node until that confirms the stop.
    const report = { at: sim.clock.now(), namespace: "default", number: 1, saw: { kind: "stopped" } } as const;
    const reporting = sim.node(nodeId).reports.send({ jobId, executionId: stopped, report });
    await sim.clock.advance(1_000);
    await reporting;
  };
  const { assignments } = sim.views;
  const executionId = live()[0] ?? "";
  const ask = async (question: {
    readonly executionId?: string;
    readonly jobId?: string;
    readonly isAssigned: boolean;
  }) => {
    const asking = bidServer.confirm(
      { executions: [{ executionId, jobId, namespace: "default", ...question }] },
      5_000,
    );
    await sim.clock.advance(6_000);
    return (await asking)?.verdicts.map(({ holds }) => holds);
  };
  return {
    sim,
    ports,
    requester,
    jobId,
    executionId,
    key: `${nodeId}.${executionId}`,
    assignments,
    live,
    stop,
    ask,
    end,
  };
}

describe("the owner of a shard", () => {
  it("removes assignments that reappeared, and leaves live ones", async () => {
    const { sim, assignments, stop, key } = await harness();
    expect([...entriesOf(assignments).keys()]).toEqual([key]);
    sim.rebuild();
    await sim.clock.advance(10_000);
    expect(assignments.get(key)).toBeDefined();
    await stop();
    await sim.clock.advance(60_000);
    sim.rebuild();
    expect(assignments.get(key)).toBeDefined();
    await sim.clock.advance(10_000);
    expect(assignments.get(key)).toBeUndefined();
  });

  it("removes an assignment of a job that the log does not know", async () => {
    const { sim, assignments } = await harness();
    assignments.write(`${nodeId}.e-x`, 3, { seq: 3, jobId: "j-unknown", namespace: "default" });
    sim.rebuild();
    await sim.clock.advance(10_000);
    expect(assignments.get(`${nodeId}.e-x`)).toBeUndefined();
  });

  it("finds periodically differences without an event", async () => {
    const { sim, assignments } = await harness();
    await sim.clock.advance(60_000);
    assignments.write(`${nodeId}.e-x`, 3, { seq: 3, jobId: "j-unknown", namespace: "default" });
    await sim.clock.advance(30_000);
    expect(assignments.get(`${nodeId}.e-x`)).toBeUndefined();
  });

  it("compares all assignments as soon as it has claimed a shard", async () => {
    const { sim, assignments, end } = await harness();
    // No node of this id is known, so that none returns.
    const stray = (index: number) => `n-gone.e-${index}`;
    const write = (index: number) =>
      assignments.write(stray(index), 3, { seq: 3, jobId: `j-unknown-${index}`, namespace: "default" });
    await startRequester(sim, "b");
    await sim.clock.advance(15_000);
    const all = Array.from({ length: 32 }, (_, index) => index);
    const left = () => all.filter((index) => assignments.get(stray(index)) !== undefined).length;
    // Each of the two has just compared its shards: their next passes without a cause are 20 s away.
    for (const index of all) write(index);
    for (let ticks = 0; left() > 0 && ticks < 500; ticks++) await sim.clock.advance(100);
    expect(left()).toBe(0);
    await end();
    for (const index of all) write(index);
    await sim.clock.advance(8_000);
    expect(left()).toBe(0);
  });

  it("reads the bucket once for shards that it claims and nodes that return together", async () => {
    const sim = createSimulatedCluster();
    const { log, views, clock } = sim.requester("a");
    const patterns: string[] = [];
    const watch: ViewStore["watch"] = (pattern, watcher) => {
      patterns.push(pattern);
      return views.assignments.watch(pattern, watcher);
    };
    const ports = {
      log,
      views: { ...views, assignments: { ...views.assignments, watch } },
      logger: silentLogger,
      clock,
    };
    const reconciler = new AssignmentReconciler(ports, { leaseOf: () => undefined, actors: () => [] });
    await reconciler.start();
    for (const id of ["n-one", "n-two", undefined, "n-three", undefined]) {
      reconciler.soon(id);
      await sim.clock.advance(50);
    }
    await sim.clock.advance(10_000);
    expect(patterns).toEqual([">"]);
    await reconciler.stop();
  });

  it("rewrites missing assignments, with the same bytes, when a node returns", async () => {
    const { sim, assignments, key } = await harness();
    const before = JSON.stringify(assignments.get(key));
    assignments.drop();
    expect(assignments.get(key)).toBeUndefined();
    const { bidServer, clock } = sim.node(nodeId);
    bidServer.heartbeat({ info: sampleInfo(nodeId), startedAt: clock.now(), at: clock.now(), protocol: 1 });
    await sim.clock.advance(10_000);
    expect(JSON.stringify(assignments.get(key))).toBe(before);
  });

  it("leaves assignments that it cannot compare, and compares them once the log answers", async () => {
    const { sim, ports, assignments, stop, key } = await harness();
    await stop();
    await sim.clock.advance(60_000);
    sim.rebuild();
    ports.proc.cutUntil(sim.clock.now() + 20_000);
    await sim.clock.advance(19_000);
    expect(assignments.get(key)).toBeDefined();
    await sim.clock.advance(60_000);
    expect(assignments.get(key)).toBeUndefined();
  });
});

describe("a node that asks", () => {
  it("is answered that its live execution is valid, and gets a missing assignment back", async () => {
    const { assignments, key, ask } = await harness();
    expect(await ask({ isAssigned: true })).toEqual([true]);
    assignments.drop();
    expect(await ask({ isAssigned: false })).toEqual([true]);
    expect(assignments.get(key)).toBeDefined();
  });

  it("is answered only 'not yours' for an execution that is over, on another node, or unknown", async () => {
    const { ask, stop, sim } = await harness();
    expect(await ask({ jobId: "j-unknown", isAssigned: true })).toEqual([false]);
    expect(await ask({ executionId: "e-unknown", isAssigned: false })).toEqual([false]);
    expect(await ask({ jobId: "*", isAssigned: true })).toEqual([false]);
    await stop();
    expect(await ask({ isAssigned: true })).toEqual([false]);
    expect(sim.log.entries.at(-1)?.aggregate.kind).toBe("job");
  });

  it("with another id does not have the execution", async () => {
    const { sim, jobId, executionId, key, assignments } = await harness();
    const asking = sim
      .node("n-two")
      .bidServer.confirm({ executions: [{ executionId, jobId, namespace: "default", isAssigned: true }] }, 5_000);
    await sim.clock.advance(6_000);
    expect((await asking)?.verdicts).toMatchObject([{ executionId, holds: false }]);
    expect(assignments.get(key)).toBeDefined();
  });

  it("gets no verdict while the log cannot be read", async () => {
    const { sim, ports, ask } = await harness();
    ports.proc.cutUntil(sim.clock.now() + 60_000);
    expect(await ask({ isAssigned: true })).toBeUndefined();
  });
});
