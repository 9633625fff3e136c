import { describe, expect, it } from "vitest";
import { pause } from "../../clock.ts";
import { biddingContract } from "../contracts/bidding.contract.ts";
import { clockContract } from "../contracts/clock.contract.ts";
import { commandBusContract } from "../contracts/command-bus.contract.ts";
import { eventLogContract } from "../contracts/event-log.contract.ts";
import { leasesContract } from "../contracts/leases.contract.ts";
import { logStreamContract } from "../contracts/log-stream.contract.ts";
import { positionsContract } from "../contracts/positions.contract.ts";
import { queueSummariesContract } from "../contracts/queue-summaries.contract.ts";
import { reportQueueContract } from "../contracts/report-queue.contract.ts";
import { viewStoreContract } from "../contracts/view-store.contract.ts";
import { createManualClock, drive } from "../manual-clock.ts";
import { memoryLeases } from "./leases.ts";
import { createSimulatedCluster } from "./simulated-cluster.ts";

/** A simulation without faults whose time runs by itself. */
function runningCluster(seed = 1) {
  const sim = createSimulatedCluster({ seed });
  const driving = drive(sim.clock);
  return { sim, close: async () => driving.stop() };
}

eventLogContract("memory", async () => {
  const { sim, close } = runningCluster();
  return {
    log: sim.requester("r-one").log,
    as: async (known) => sim.requester("r-two", known).log,
    put: async (aggregate, text) => sim.log.put(aggregate, text),
    close,
  };
});

viewStoreContract("memory", async () => {
  const { sim, close } = runningCluster();
  return {
    views: sim.requester("r-one").views.jobs,
    reopened: () => sim.requester("r-two").views.jobs,
    purge: async (key) => sim.views.jobs.purge(key),
    drop: async () => sim.views.jobs.drop(),
    close,
  };
});

leasesContract("memory", async () => {
  const { sim, close } = runningCluster();
  const procs = new Map<string, ReturnType<typeof sim.proc>>();
  const join = (id: string) => {
    const proc = sim.proc(id);
    procs.set(id, proc);
    return memoryLeases(proc, sim.leases);
  };
  const crash = (id: string) => procs.get(id)?.cutUntil(Number.POSITIVE_INFINITY);
  // A lease lives six seconds.
  return { join, crash, outlive: () => pause(sim.clock, 7_000), close };
});

reportQueueContract("memory", async () => {
  const { sim, close } = runningCluster();
  return {
    queue: sim.requester("r-one").reports,
    sender: (nodeId) => sim.node(nodeId).reports,
    sendGarbage: async (nodeId, jobId) =>
      sim.reports.store(nodeId, { jobId, executionId: "e-odd", report: { at: "?" } }),
    parked: async () => sim.reports.parked.length,
    close,
  };
});

positionsContract("memory", async () => {
  const { sim, close } = runningCluster();
  return {
    positions: sim.requester("r-one").positions,
    buckets: ["jobs", "assignments"],
    reopened: () => sim.requester("r-two").positions,
    async recreate() {
      sim.drop("jobs");
    },
    close,
  };
});

commandBusContract("memory", async () => {
  const { sim, close } = runningCluster();
  return { bus: async (id) => sim.requester(id).commands, close };
});

biddingContract("memory", async () => {
  const { sim, close } = runningCluster();
  return { bidClient: sim.requester("r-one").bidClient, bidServer: (nodeId) => sim.node(nodeId).bidServer, close };
});

queueSummariesContract("memory", async () => {
  const { sim, close } = runningCluster();
  let count = 0;
  return { requester: async () => sim.requester(`r-${count++}`).summaries, close };
});

logStreamContract("memory", async () => {
  const { sim, close } = runningCluster();
  return { reader: sim.requester("r-one").logReader, sender: sim.node("n-one").logs, close };
});

clockContract("manual", async () => {
  const clock = createManualClock();
  const driving = drive(clock);
  return { clock, close: async () => driving.stop() };
});

clockContract("of a simulated process", async () => {
  const { sim, close } = runningCluster();
  return { clock: sim.proc("p").clock, close };
});

describe("a seeded simulation", () => {
  it("gives every process different ids, the same in every run", () => {
    const ids = (seed: number) => {
      const sim = createSimulatedCluster({ seed });
      return [sim.proc("r"), sim.proc("r"), sim.proc("n")].map((proc) => proc.random.uuid());
    };
    expect(new Set(ids(1)).size).toBe(3);
    expect(ids(1)).toEqual(ids(1));
    expect(ids(1)).not.toEqual(ids(2));
  });
});
