import { requirementsOf } from "@shoal/core";
import { sampleInfo, sampleSpec } from "@shoal/core/testing";
import { noResources } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { NodeRooms, type RoomUser } from "./node-rooms.ts";
import { OtherQueues } from "./other-queues.ts";

const nodeId = "n-one";
const cores = (cpuCores: number) => ({ ...noResources, cpuCores });
const infoWith = (free: number) => {
  const info = sampleInfo(nodeId);
  return { ...info, available: { ...info.capacity, cpuCores: free } };
};

/** A node that shows this number of cores. */
function roomsWith(free: number): NodeRooms {
  const rooms = new NodeRooms(new OtherQueues());
  expect(rooms.put(infoWith(free))).toBe(true);
  return rooms;
}

/** The number of further slots of one core. */
const left = (rooms: NodeRooms): number => rooms.claim({ nodeId, each: cores(1), slots: 99 }).slots;

describe("the room on a node", () => {
  it("is not requested twice, and is free again as far as it is not used", () => {
    const rooms = roomsWith(4);
    const claim = rooms.claim({ nodeId, each: cores(1), slots: 3 });
    expect([claim.slots, rooms.hasRoom(nodeId, cores(1), 0), rooms.hasRoom(nodeId, cores(2), 0)]).toEqual([
      3,
      true,
      false,
    ]);
    rooms.settle(claim, 1);
    expect(left(rooms)).toBe(3);
  });

  it("is what a heartbeat shows, less what is requested", () => {
    const rooms = roomsWith(4);
    const claim = rooms.claim({ nodeId, each: cores(1), slots: 1 });
    expect(rooms.put(infoWith(3))).toBe(false);
    expect(rooms.hasRoom(nodeId, cores(3), 0)).toBe(false);
    rooms.settle(claim, 0);
    expect(left(rooms)).toBe(3);
  });

  it.each([
    ["is the remaining room of the node when it refuses", 0, 1],
    ["is what a later heartbeat shows, whatever the refusal contains", 1, 4],
  ])("%s", (_, beats, expected) => {
    const rooms = roomsWith(4);
    const claim = rooms.claim({ nodeId, each: cores(2), slots: 1 });
    for (let beat = 0; beat < beats; beat++) rooms.put(infoWith(4));
    rooms.settle(claim, 0, cores(1));
    expect(left(rooms)).toBe(expected);
  });

  it("is none on a node that is not known or was removed", () => {
    const rooms = roomsWith(4);
    const claim = rooms.claim({ nodeId, each: cores(1), slots: 1 });
    expect(rooms.remove(nodeId)).toBe(true);
    rooms.settle(claim, 1);
    rooms.unanswered(claim, 0);
    expect([rooms.hasRoom(nodeId, cores(1), 0), left(rooms), rooms.revisionOf(nodeId)]).toEqual([false, 0, 0]);
  });
});

describe("a node that does not answer", () => {
  it("is asked again after a second, then half as often each time, and finally every 30 s", () => {
    const rooms = roomsWith(4);
    const waits: number[] = [];
    let now = 1_000_000;
    for (let round = 0; round < 7; round++) {
      rooms.unanswered(rooms.claim({ nodeId, each: cores(1), slots: 1 }), now);
      rooms.put(infoWith(4));
      const silentAt = now;
      while (!rooms.hasRoom(nodeId, cores(1), now)) now += 500;
      waits.push(now - silentAt);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it("counts asks that were sent together once, and is asked one at a time until it answers", () => {
    const rooms = roomsWith(4);
    const [one, other] = [0, 1].map(() => rooms.claim({ nodeId, each: cores(1), slots: 1 }));
    if (one === undefined || other === undefined) throw new Error("two claims were made");
    rooms.unanswered(one, 0);
    rooms.unanswered(other, 0);
    rooms.put(infoWith(4));
    expect([999, 1_000].map((now) => rooms.hasRoom(nodeId, cores(1), now))).toEqual([false, true]);
    const probe = rooms.claim({ nodeId, each: cores(1), slots: 1 });
    expect(rooms.hasRoom(nodeId, cores(1), 1_000)).toBe(false);
    rooms.settle(probe, 1);
    expect(rooms.hasRoom(nodeId, cores(1), 1_000)).toBe(true);
    rooms.claim({ nodeId, each: cores(1), slots: 1 });
    expect(rooms.hasRoom(nodeId, cores(1), 1_000)).toBe(true);
  });
});

it("the revision of a node grows when it advertises something else or joins again, and otherwise does not", () => {
  const rooms = roomsWith(4);
  const revisions = [rooms.revisionOf(nodeId)];
  for (const change of [
    () => rooms.put(infoWith(1)),
    () => rooms.put({ ...infoWith(1), engines: ["noop", "docker"] }),
    () => rooms.renew(nodeId),
    () => rooms.renew("unknown"),
  ]) {
    change();
    revisions.push(rooms.revisionOf(nodeId));
  }
  expect(revisions).toEqual([1, 1, 2, 3, 3]);
  expect([...rooms.infos()]).toEqual([{ ...infoWith(1), engines: ["noop", "docker"] }]);
});

describe("a node with a reservation of one job", () => {
  const user = (cpu: number, priority = 5): RoomUser => {
    const requirements = requirementsOf(sampleSpec({ resources: { cpu: `${cpu}`, memory: "0b" } }));
    return { priority, requirements: requirements ?? expect.unreachable() };
  };
  // The node has 4 cores free.
  it.each<readonly [string, RoomUser, RoomUser, boolean]>([
    ["has room for a job that fits beside it", user(3), user(1), true],
    ["has none for a job that does not fit beside it", user(3), user(2), false],
    ["has none for such a job of lower priority", user(3), user(2, 4), false],
    ["has room for such a job of higher priority", user(3), user(2, 6), true],
    ["has room for any job that fits while the reserved room is incomplete", user(5), user(2), true],
  ])("%s", (_, ...[reserved, other, expected]) => {
    const rooms = roomsWith(4);
    rooms.reserve(nodeId, reserved);
    expect(rooms.hasRoomFor(nodeId, reserved, 0)).toBe(reserved.requirements.resources.cpuCores <= 4);
    expect(rooms.hasRoomFor(nodeId, other, 0)).toBe(expected);
    // Only the job with the reservation ends it.
    rooms.endReservation(nodeId, other);
    expect(rooms.hasRoomFor(nodeId, other, 0)).toBe(expected);
    rooms.endReservation(nodeId, reserved);
    expect(rooms.hasRoomFor(nodeId, other, 0)).toBe(true);
  });
});
