import { createManualClock } from "@shoal/core/testing";
import type { Ask, Resources } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { askOf } from "../testing/assignments.ts";
import { collectMs, Reservation, reservedMs } from "./reservation.ts";

const cores = (cpuCores: number, gpus = 0): Resources => ({ cpuCores, memoryBytes: 0, diskBytes: 0, gpus });

type Preferences = Parameters<typeof askOf>[0];

function setUp(free: number) {
  const clock = createManualClock(1_000);
  const node = { available: cores(free, 0), ended: 0 };
  const reservation = new Reservation({
    ...{ clock, capacity: cores(8, 1), available: () => node.available },
    onEnded: () => void node.ended++,
  });
  const large = (preferences: Preferences = {}): Ask =>
    askOf({ jobId: "j-large", askId: "a-large", resources: cores(6), reserveSince: 500, priority: 1, ...preferences });
  const small = (preferences: Preferences = {}): Ask =>
    askOf({ jobId: "j-small", resources: cores(1), slots: 5, ...preferences });
  return { clock, node, reservation, large, small };
}

describe("a reservation", () => {
  it("reserves freed resources until they suffice for both", () => {
    const { node, reservation, large, small } = setUp(3);
    expect(reservation.slotsFor(small({ slots: 3 }))).toBe(3);
    expect(reservation.keep(large())).toBe(true);
    expect([reservation.jobId, reservation.slotsFor(small())]).toEqual(["j-large", 0]);
    node.available = cores(8);
    expect(reservation.slotsFor(small())).toBe(2);
    expect(reservation.slotsFor(large({ slots: 2 }))).toBe(2);
  });

  it("reserves only the kinds of resources that its job needs", () => {
    const { node, reservation, large, small } = setUp(3);
    reservation.keep(large({ resources: cores(1, 1) }));
    expect(reservation.slotsFor(small())).toBe(2);
    node.available = cores(1);
    expect(reservation.slotsFor(small())).toBe(0);
  });

  it("does not block jobs of a higher priority, and blocks those of the same", () => {
    const { reservation, large, small } = setUp(3);
    reservation.keep(large());
    expect(reservation.slotsFor(small({ priority: 2, slots: 3 }))).toBe(3);
    expect(reservation.slotsFor(small({ priority: 1 }))).toBe(0);
  });

  it("publishes no free resources until they suffice", () => {
    const { node, reservation, large } = setUp(3);
    reservation.keep(large());
    expect(reservation.shown()).toEqual(cores(0));
    node.available = cores(6);
    expect(reservation.shown()).toEqual(cores(6));
  });

  it.each([
    ["a higher priority", { priority: 2, reserveSince: 900 }, true],
    ["an older job", { reserveSince: 499 }, true],
    ["a smaller id at the same time", { jobId: "j-aaa" }, true],
    ["a younger job", { reserveSince: 501, jobId: "j-aaa" }, false],
    ["a lower priority", { priority: 0, reserveSince: 1 }, false],
  ])("passes to another job by %s: %s", (_, preferences, isPreferred) => {
    const { reservation, large } = setUp(3);
    reservation.keep(large());
    const other = { jobId: "j-other", ...preferences };
    expect(reservation.keep(large(other))).toBe(isPreferred);
    expect(reservation.jobId).toBe(isPreferred ? other.jobId : "j-large");
  });

  it("is not created for a job that never fits, or requests none", () => {
    const { reservation, large, small } = setUp(3);
    expect(reservation.keep(large({ resources: cores(9) }))).toBe(false);
    expect(reservation.keep(small())).toBe(false);
    expect(reservation.jobId).toBeUndefined();
  });

  it("expires unless it is renewed", async () => {
    const { clock, node, reservation, large, small } = setUp(3);
    reservation.keep(large());
    await clock.advance(reservedMs - 1);
    reservation.keep(large({ askId: "a-again" }));
    await clock.advance(reservedMs - 1);
    expect([reservation.slotsFor(small()), node.ended]).toEqual([0, 0]);
    await clock.advance(1);
    expect([reservation.slotsFor(small({ slots: 3 })), node.ended, clock.planned()]).toEqual([3, 1, 0]);
  });

  it("is not renewed forever by any job: the node pauses for as long as it has gathered", async () => {
    const { clock, node, reservation, large } = setUp(3);
    const everyMs = reservedMs - 1;
    for (let ms = 0; ms < collectMs; ms += everyMs) {
      expect(reservation.keep(large({ jobId: `j-${ms}`, reserveSince: -ms }))).toBe(true);
      await clock.advance(everyMs);
    }
    const older = large({ jobId: "j-older", reserveSince: -collectMs * 2 });
    expect([reservation.keep(older), reservation.jobId, node.ended]).toEqual([false, undefined, 1]);
    await clock.advance(collectMs - 1);
    expect(reservation.keep(older)).toBe(false);
    await clock.advance(1);
    expect(reservation.keep(older)).toBe(true);
  });

  it("ends when its last ask is released, or its job gets resources", () => {
    const { reservation, large, small } = setUp(3);
    reservation.keep(large());
    reservation.release("a-other");
    reservation.granted(small());
    expect(reservation.jobId).toBe("j-large");
    reservation.release("a-large");
    expect(reservation.jobId).toBeUndefined();
    reservation.keep(large());
    reservation.granted(large({ askId: "a-any" }));
    expect(reservation.jobId).toBeUndefined();
  });
});
