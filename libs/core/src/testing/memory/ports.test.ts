import { describe, expect, it } from "vitest";
import { pause } from "../../clock.ts";
import { clockContract } from "../contracts/clock.contract.ts";
import { commandBusContract } from "../contracts/command-bus.contract.ts";
import { eventLogContract } from "../contracts/event-log.contract.ts";
import { leasesContract } from "../contracts/leases.contract.ts";
import { logStreamContract } from "../contracts/log-stream.contract.ts";
import { marketContract } from "../contracts/market.contract.ts";
import { positionsContract } from "../contracts/positions.contract.ts";
import { reportQueueContract } from "../contracts/report-queue.contract.ts";
import { viewStoreContract } from "../contracts/view-store.contract.ts";
import { createHandClock, drive } from "../hand-clock.ts";
import { memoryLeases } from "./leases.ts";
import { createSea } from "./sea.ts";

/** A calm world whose time runs by itself. */
function runningSea(seed = 1) {
  const sea = createSea({ seed });
  const driving = drive(sea.clock);
  return { sea, close: async () => driving.stop() };
}

eventLogContract("memory", async () => {
  const { sea, close } = runningSea();
  return {
    log: sea.requester("r-one").log,
    as: async (known) => sea.requester("r-two", known).log,
    put: async (aggregate, text) => sea.log.put(aggregate, text),
    close,
  };
});

viewStoreContract("memory", async () => {
  const { sea, close } = runningSea();
  return {
    views: sea.requester("r-one").views.jobs,
    again: () => sea.requester("r-two").views.jobs,
    purge: async (key) => sea.views.jobs.purge(key),
    drop: async () => sea.views.jobs.drop(),
    close,
  };
});

leasesContract("memory", async () => {
  const { sea, close } = runningSea();
  const berths = new Map<string, ReturnType<typeof sea.berth>>();
  const join = (id: string) => {
    const berth = sea.berth(id);
    berths.set(id, berth);
    return memoryLeases(berth, sea.leases);
  };
  const crash = (id: string) => berths.get(id)?.cutUntil(Number.POSITIVE_INFINITY);
  // A lease lives six seconds.
  return { join, crash, outlive: () => pause(sea.clock, 7_000), close };
});

reportQueueContract("memory", async () => {
  const { sea, close } = runningSea();
  return {
    queue: sea.requester("r-one").reports,
    sender: (nodeId) => sea.node(nodeId).reports,
    sendGarbage: async (nodeId, jobId) =>
      sea.reports.store(nodeId, { jobId, executionId: "e-odd", report: { at: "?" } }),
    parked: async () => sea.reports.parked.length,
    close,
  };
});

positionsContract("memory", async () => {
  const { sea, close } = runningSea();
  return {
    positions: sea.requester("r-one").positions,
    buckets: ["jobs", "assignments"],
    again: () => sea.requester("r-two").positions,
    async recreate() {
      sea.drop("jobs");
    },
    close,
  };
});

commandBusContract("memory", async () => {
  const { sea, close } = runningSea();
  return { bus: async (id) => sea.requester(id).commands, close };
});

marketContract("memory", async () => {
  const { sea, close } = runningSea();
  return { market: sea.requester("r-one").market, stall: (nodeId) => sea.node(nodeId).stall, close };
});

logStreamContract("memory", async () => {
  const { sea, close } = runningSea();
  return { reader: sea.requester("r-one").logReader, sender: sea.node("n-one").logs, close };
});

clockContract("moved by hand", async () => {
  const clock = createHandClock();
  const driving = drive(clock);
  return { clock, close: async () => driving.stop() };
});

clockContract("of a berth", async () => {
  const { sea, close } = runningSea();
  return { clock: sea.berth("p").clock, close };
});

describe("a seeded world", () => {
  it("gives every process ids of its own, the same in every run", () => {
    const ids = (seed: number) => {
      const sea = createSea({ seed });
      return [sea.berth("r"), sea.berth("r"), sea.berth("n")].map((berth) => berth.random.uuid());
    };
    expect(new Set(ids(1)).size).toBe(3);
    expect(ids(1)).toEqual(ids(1));
    expect(ids(1)).not.toEqual(ids(2));
  });
});
