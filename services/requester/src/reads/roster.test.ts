import { createSimulatedCluster, drive } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { Roster } from "./roster.ts";

it("has every live requester and its shards, and passes the snapshot on", async () => {
  const sim = createSimulatedCluster({ seed: "roster" });
  const driving = drive(sim.clock);
  const [one, two] = [sim.requester("a"), sim.requester("b")];
  const roster = new Roster(one.clock);
  const snapshots: (readonly string[])[] = [];
  const leases = roster.over(one.leases);
  await leases.start({ changed: ({ requesters }) => snapshots.push(requesters), lost: () => undefined });
  await two.leases.start({ changed: () => undefined, lost: () => undefined });
  for (const shard of [7, 3]) await leases.acquire(shard);
  await two.leases.acquire(5);
  const owned = () => roster.living().map(({ requesterId, shards }) => [requesterId, shards]);
  await expect.poll(owned).toEqual([
    ["a", [3, 7]],
    ["b", [5]],
  ]);
  const since = roster.living().map(({ knownSince }) => knownSince);
  await two.leases.close();
  await expect.poll(() => owned().map(([id]) => id)).toEqual(["a"]);
  expect(roster.living()[0]?.knownSince).toBe(since[0]);
  expect(snapshots.at(-1)).toEqual(["a"]);
  await leases.close();
  driving.stop();
});
