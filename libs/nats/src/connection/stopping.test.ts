import { createHandClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { abandonOn, stopLimits } from "./stopping.ts";

// Far more than the once that is expected; without an end here a defect would hang instead of failing.
const most = 10;

/** A connection that says that it is down when it is abandoned, as a link does. */
function connection() {
  const clock = createHandClock();
  const listeners = new Set<(up: boolean) => void>();
  const link = {
    abandoned: 0,
    clock,
    isUp: () => true,
    onChange(told: (up: boolean) => void) {
      listeners.add(told);
      return () => void listeners.delete(told);
    },
    async abandon() {
      link.abandoned += 1;
      await Promise.resolve();
      if (link.abandoned < most) for (const told of [...listeners]) told(false);
    },
  };
  return { link, goDown: () => [...listeners].forEach((told) => void told(false)) };
}

it("abandons a connection that is up once, after the grace", async () => {
  const { link } = connection();
  abandonOn(AbortSignal.abort(), link);
  await link.clock.advance(stopLimits.graceMs - 1);
  expect(link.abandoned).toBe(0);
  await link.clock.advance(1);
  await link.clock.settle();
  expect(link.abandoned).toBe(1);
  expect(link.clock.planned()).toBe(0);
});

it("abandons a connection that breaks meanwhile once, at once", async () => {
  const { link, goDown } = connection();
  abandonOn(AbortSignal.abort(), link);
  goDown();
  await link.clock.settle();
  expect(link.abandoned).toBe(1);
});

it("abandons nothing once the watch has ended", async () => {
  const { link, goDown } = connection();
  abandonOn(AbortSignal.abort(), link)();
  goDown();
  await link.clock.advance(stopLimits.graceMs);
  expect(link.abandoned).toBe(0);
});
