import { createSea, drive } from "@shoal/core/testing";
import { shardCount } from "@shoal/proto";
import { expect, it } from "vitest";
import type { RequesterPorts } from "../ports.ts";
import { createRequester } from "../requester.ts";
import { memoryPorts } from "../testing/memory-ports.ts";

const settings = {
  requesterId: "a",
  auction: { width: 3, rounds: 1, waitMs: 100, queueBefore: 64 },
  nodes: { disconnectAfterMs: 6_000, settleMs: 1_000 },
  checkpointMs: 1_000,
};

/** Requester "a", whose claims are answered when the test opens the gate. */
function bench() {
  const sea = createSea();
  const ports = memoryPorts(sea, "a");
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
  const requester = createRequester(settings, { ...ports, leases: slow });
  return { sea, requester, processes: [catalog, ...requester.processes], openGate: gate.resolve };
}

it("gives back what it was still taking when another requester joined", async () => {
  const { sea, requester, processes, openGate } = bench();
  const driving = drive(sea.clock);
  for (const each of processes) await each.start();
  await sea.requester("b").leases.start({ changed: () => undefined, lost: () => undefined });
  const { owners, requesters } = sea.leases.picture();
  expect([owners.size, requesters, requester.owner.holdings().size]).toEqual([shardCount, ["a", "b"], 0]);
  // Whatever there is to hear is heard before the answers come: nothing else will ever call for another look.
  driving.stop();
  await sea.clock.advance(1_000);
  openGate();
  await sea.clock.advance(1_000);
  expect(requester.owner.holdings().size).toBe(shardCount / 2);
  expect(sea.leases.picture().owners.size).toBe(shardCount / 2);
});
