import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { abandonOn, stopLimits } from "./stopping.ts";

// Far more than the one call that is expected; without a limit a defect would hang instead of failing.
const most = 10;

/** A connection that reports that it is down when it is abandoned, as a link does. */
function connection() {
  const clock = createManualClock();
  const listeners = new Set<(up: boolean) => void>();
  const link = {
    abandoned: 0,
    clock,
    isUp: () => true,
    onChange(collected: (up: boolean) => void) {
      listeners.add(collected);
      return () => void listeners.delete(collected);
    },
    async abandon() {
      link.abandoned += 1;
      await Promise.resolve();
      if (link.abandoned < most) for (const collected of [...listeners]) collected(false);
    },
  };
  return { link, goDown: () => [...listeners].forEach((collected) => void collected(false)) };
}

it("abandons an open connection once, after the grace period", async () => {
  const { link } = connection();
  abandonOn(AbortSignal.abort(), link);
  await link.clock.advance(stopLimits.graceMs - 1);
  expect(link.abandoned).toBe(0);
  await link.clock.advance(1);
  await link.clock.settle();
  expect(link.abandoned).toBe(1);
  expect(link.clock.planned()).toBe(0);
});

it("abandons a connection that breaks meanwhile once, without the grace period", async () => {
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
