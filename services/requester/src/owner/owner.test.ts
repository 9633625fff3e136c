import { Fault, type Leases } from "@shoal/core";
import { createSimulatedCluster, drive } from "@shoal/core/testing";
import { JobSpec, shardCount } from "@shoal/proto";
import { expect, it } from "vitest";
import { createRequester } from "../create-requester.ts";
import type { RequesterPorts } from "../ports.ts";
import { memoryPorts } from "../testing/memory-ports.ts";

const settings = {
  requesterId: "a",
  auction: { width: 3, rounds: 1, waitMs: 100 },
  nodes: { disconnectAfterMs: 6_000, settleMs: 1_000 },
  positionsMs: 1_000,
};

/** Requester "a", whose claims are answered when the test opens the gate. */
function harness() {
  const sim = createSimulatedCluster();
  const ports = memoryPorts(sim, "a");
  const { leases, catalog } = ports;
  const gate = Promise.withResolvers<void>();
  const slow: RequesterPorts["leases"] = {
    ...leases,
    async acquire(shard) {
      const lease = await leases.acquire(shard);
      await gate.promise;
      return lease;
    },
  };
  const opened = new Set<number>();
  const positions: RequesterPorts["positions"] = {
    ...ports.positions,
    load(bucket, shard) {
      opened.add(shard);
      return ports.positions.load(bucket, shard);
    },
  };
  const requester = createRequester(settings, { ...ports, positions, leases: slow });
  return { sim, requester, processes: [catalog, ...requester.processes], openGate: gate.resolve, opened };
}

it("releases shards that it was still claiming when another requester joined", async () => {
  const { sim, requester, processes, openGate } = harness();
  const driving = drive(sim.clock);
  for (const each of processes) await each.start();
  await sim.requester("b").leases.start({ changed: () => undefined, lost: () => undefined });
  const { owners, requesters } = sim.leases.snapshot();
  expect([owners.size, requesters, requester.owner.holdings().size]).toEqual([shardCount, ["a", "b"], 0]);
  // All snapshots are delivered before the answers arrive: nothing else will trigger a rebalance.
  driving.stop();
  await sim.clock.advance(1_000);
  openGate();
  await sim.clock.advance(1_000);
  expect(requester.owner.holdings().size).toBe(shardCount / 2);
  expect(sim.leases.snapshot().owners.size).toBe(shardCount / 2);
});

it("releases unopened the shards whose claims are answered after a clean stop", async () => {
  const { sim, requester, processes, openGate, opened } = harness();
  const driving = drive(sim.clock);
  for (const each of processes) await each.start();
  driving.stop();
  await sim.clock.advance(100);
  const stopping = requester.processes.find(({ name }) => name === "owner")?.stop();
  await sim.clock.advance(100);
  await stopping;
  expect(sim.leases.snapshot().owners.size).toBe(shardCount);
  openGate();
  // Shorter than the life of a lease.
  await sim.clock.advance(1_000);
  expect([sim.leases.snapshot().owners.size, opened.size]).toEqual([0, 0]);
});

it("writes its pending views before a clean stop", async () => {
  const { sim, requester, processes, openGate } = harness();
  openGate();
  const driving = drive(sim.clock);
  for (const each of processes) await each.start();
  const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });
  const { jobId } = await requester.commands.submit({ spec, actor: { type: "client", id: "test" } });
  driving.stop();
  // Less than an entry has to rest before it is written.
  await sim.clock.advance(20);
  const stopping = requester.processes.find(({ name }) => name === "owner")?.stop();
  await sim.clock.advance(20);
  await stopping;
  const reading = sim.requester("reader").views.jobs.get(`default.${jobId}`);
  await sim.clock.advance(20);
  expect(await reading).toMatchObject({ job: { id: jobId } });
});

/** Leases that record each released shard. */
const noting = (leases: Leases, released: number[]): Leases => ({
  ...leases,
  release(lease) {
    released.push(lease.shard);
    return leases.release(lease);
  },
});

it("releases each shard once, however often it rebalances while the views are slow", async () => {
  const sim = createSimulatedCluster();
  const ports = memoryPorts(sim, "a");
  const slow = Promise.withResolvers<void>();
  const released: number[] = [];
  const { leases, views, catalog } = ports;
  const requester = createRequester(settings, {
    ...ports,
    leases: noting(leases, released),
    views: {
      ...views,
      jobs: { ...views.jobs, put: (key, value) => slow.promise.then(() => views.jobs.put(key, value)) },
    },
  });
  const driving = drive(sim.clock);
  for (const each of [catalog, ...requester.processes]) await each.start();
  const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });
  await Promise.all(
    Array.from({ length: 4 * shardCount }, () =>
      requester.commands.submit({ spec, actor: { type: "client", id: "test" } }),
    ),
  );
  driving.stop();
  for (const id of ["b", "c"]) {
    const joining = sim.requester(id).leases.start({ changed: () => undefined, lost: () => undefined });
    await sim.clock.advance(40);
    await joining;
  }
  slow.resolve();
  await sim.clock.advance(2_000);
  expect(released.length).toBeGreaterThan(0);
  expect(new Set(released).size).toBe(released.length);
});

it("waits before it claims a shard again that it could not open", async () => {
  const sim = createSimulatedCluster();
  const ports = memoryPorts(sim, "a");
  const { leases, catalog } = ports;
  let claims = 0;
  const requester = createRequester(settings, {
    ...ports,
    leases: {
      ...leases,
      acquire(shard) {
        claims += 1;
        return leases.acquire(shard);
      },
    },
    positions: { ...ports.positions, load: () => Promise.reject(new Fault("LOG_UNREACHABLE", "no answer")) },
  });
  const starting = [catalog, ...requester.processes].reduce<Promise<void>>(
    (before, each) => before.then(() => each.start()),
    Promise.resolve(),
  );
  await sim.clock.advance(10_000);
  await starting;
  // Each shard at most every 500 ms.
  expect(claims).toBeLessThanOrEqual(shardCount * 20);
  expect(claims).toBeGreaterThan(shardCount);
});

it("releases a shard whose open aggregates cannot be read to the end", async () => {
  const sim = createSimulatedCluster();
  const ports = memoryPorts(sim, "a");
  const released: number[] = [];
  let isStuck = true;
  const { leases, views } = ports;
  const requester = createRequester(settings, {
    ...ports,
    leases: noting(leases, released),
    views: {
      ...views,
      open: {
        ...views.open,
        async watch(pattern, watcher) {
          const watch = await views.open.watch(pattern, watcher);
          return isStuck ? { ...watch, caughtUp: () => new Promise<never>(() => undefined) } : watch;
        },
      },
    },
  });
  for (const each of [ports.catalog, ...requester.processes]) {
    const started = each.start();
    await sim.clock.advance(500);
    await started;
  }
  await sim.clock.advance(11_000);
  expect(new Set(released).size).toBe(shardCount);
  isStuck = false;
  await sim.clock.advance(11_000);
  expect(requester.owner.holdings().size).toBe(shardCount);
  expect(sim.leases.snapshot().owners.size).toBe(shardCount);
});
