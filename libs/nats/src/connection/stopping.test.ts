import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { abandonOn, stopLimits } from "./stopping.ts";

// Far more than the one call that is expected; without a limit a defect would hang instead of failing.
const most = 10;

/** A connection that reports that it is down when it is abandoned, as a session does. */
function connection() {
  const clock = createManualClock();
  const listeners = new Set<(up: boolean) => void>();
  const session = {
    abandoned: 0,
    clock,
    isUp: () => true,
    onChange(collected: (up: boolean) => void) {
      listeners.add(collected);
      return () => void listeners.delete(collected);
    },
    async abandon() {
      session.abandoned += 1;
      await Promise.resolve();
      if (session.abandoned < most) for (const collected of [...listeners]) collected(false);
    },
  };
  return { session, goDown: () => [...listeners].forEach((collected) => void collected(false)) };
}

it("abandons an open connection once, after the grace period", async () => {
  const { session } = connection();
  abandonOn(AbortSignal.abort(), session);
  await session.clock.advance(stopLimits.graceMs - 1);
  expect(session.abandoned).toBe(0);
  await session.clock.advance(1);
  await session.clock.settle();
  expect(session.abandoned).toBe(1);
  expect(session.clock.planned()).toBe(0);
});

it("abandons a connection that breaks meanwhile once, without the grace period", async () => {
  const { session, goDown } = connection();
  abandonOn(AbortSignal.abort(), session);
  goDown();
  await session.clock.settle();
  expect(session.abandoned).toBe(1);
});

it("abandons nothing once the watch has ended", async () => {
  const { session, goDown } = connection();
  abandonOn(AbortSignal.abort(), session)();
  goDown();
  await session.clock.advance(stopLimits.graceMs);
  expect(session.abandoned).toBe(0);
});
