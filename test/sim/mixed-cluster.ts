import type { Process } from "@shoal/core";
import { registry, silentLogger } from "@shoal/core";
import { createSimulatedCluster, drive, type ReleaseName, releases, type SimulatedCluster } from "@shoal/core/testing";
import { createCompute } from "../../services/compute/src/create-compute.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { memoryJournal } from "../../services/compute/src/journal/memory-journal.ts";
import { testSettings } from "../../services/compute/src/testing/node-harness.ts";
import { memoryWorkspace } from "../../services/compute/src/workspace/memory-workspace.ts";
import { createRequester, type Requester } from "../../services/requester/src/create-requester.ts";
import { memoryPorts } from "../../services/requester/src/testing/memory-ports.ts";

/** A running requester of one release. */
export interface RunningRequester {
  readonly requester: Requester;
  /** Stops it in order, once. */
  stop(): Promise<void>;
}

/** A cluster in memory with requesters of different releases; its clock advances by itself. */
export interface MixedCluster {
  readonly sim: SimulatedCluster;
  /** The log lines of the requesters. */
  readonly lines: readonly string[];
  /** The number of leases taken so far, by any requester. */
  readonly leasesTaken: () => number;
  startRequester(requesterId: string, release: ReleaseName): Promise<RunningRequester>;
  /** A node whose work ends after its time, even when its requesters cannot read the job. */
  startNode(): Promise<void>;
  close(): Promise<void>;
}

/** An empty one. */
export function createMixedCluster(): MixedCluster {
  const sim = createSimulatedCluster({ kinds: releases.next.kinds });
  const driving = drive(sim.clock);
  const lines: string[] = [];
  const closers: (() => Promise<void>)[] = [];
  let taken = 0;

  async function start(processes: readonly Process[]): Promise<() => Promise<void>> {
    for (const each of processes) await each.start();
    let isRunning = true;
    const stop = async () => {
      if (!isRunning) return;
      isRunning = false;
      for (const each of processes.toReversed()) await each.stop();
    };
    closers.push(stop);
    return stop;
  }

  return {
    sim,
    lines,
    leasesTaken: () => taken,
    async startRequester(requesterId, release) {
      const note = (facts: object, sentence: string) => void lines.push(`${sentence} ${JSON.stringify(facts)}`);
      const { kinds } = releases[release];
      const ports = memoryPorts(sim, requesterId, { logger: { info: note, warn: note }, kinds });
      const leases: typeof ports.leases = {
        ...ports.leases,
        async acquire(shard) {
          const lease = await ports.leases.acquire(shard);
          if (lease !== undefined) taken++;
          return lease;
        },
      };
      const requester = createRequester({ requesterId, ...settings, ...releases[release] }, { ...ports, leases });
      return { requester, stop: await start([ports.catalog, ...requester.processes]) };
    },
    async startNode() {
      const ports = sim.node(nodeId);
      const parts = {
        ...ports,
        journal: memoryJournal(new Map(), () => true),
        workspace: memoryWorkspace(new Map()),
        executors: registry("executor", [noop({ clock: ports.clock })]),
        sources: registry("source", []),
        publishers: registry("publisher", []),
        env: {},
        logger: silentLogger,
      };
      await start(createCompute({ ...testSettings, nodeId }, parts));
    },
    async close() {
      for (const close of closers.toReversed()) await close();
      driving.stop();
    },
  };
}

const nodeId = "n-one";
const settings = {
  auction: { width: 1, rounds: 1, waitMs: 300 },
  nodes: { disconnectAfterMs: 60_000, settleMs: 500 },
  positionsMs: 100,
};
