import { requirementsOf } from "@shoal/core";
import { sampleInfo, sampleSpec } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { Lanes } from "./lanes.ts";
import { NodeRooms } from "./node-rooms.ts";
import { OtherQueues } from "./other-queues.ts";

const requirements = requirementsOf(sampleSpec()) ?? expect.unreachable();
// Too long for the key of a class.
const unclassed = { ...requirements, hostVariables: Array.from({ length: 1_000 }, (_, n) => `VARIABLE_${n}`) };

it("a node that is gone is in the pool of no lane, and not in that of a lane created afterwards", () => {
  const rooms = new NodeRooms(new OtherQueues());
  const lanes = new Lanes(rooms);
  for (const nodeId of ["n-0", "n-1"]) {
    const info = sampleInfo(nodeId);
    rooms.put(info);
    lanes.put(info);
  }
  const pools = () => [
    lanes.laneFor(requirements, {}).pool.ids(),
    lanes.laneFor(unclassed, {}).pool.ids(),
    lanes.laneFor(requirements, { pinnedTo: "n-0" }).pool.ids(),
    lanes.laneFor(requirements, { pinnedTo: "n-1" }).pool.ids(),
  ];
  expect(pools()).toEqual([["n-0", "n-1"], ["n-0", "n-1"], ["n-0"], ["n-1"]]);
  const pinned = lanes.laneFor(requirements, { pinnedTo: "n-0" });
  rooms.remove("n-0");
  lanes.remove("n-0");
  expect(pools()).toEqual([["n-1"], ["n-1"], [], ["n-1"]]);
  // Its empty lane is not kept: nodes come and go.
  expect(lanes.laneFor(requirements, { pinnedTo: "n-0" })).not.toBe(pinned);
});
