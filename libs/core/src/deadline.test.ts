import { expect, it } from "vitest";
import { within } from "./deadline.ts";
import { createManualClock } from "./testing/manual-clock.ts";

const late = () => new Error("late");

it("is the promise's own end while there is time, and leaves no callback behind", async () => {
  const clock = createManualClock();
  expect(await within(Promise.resolve(1), { clock, limitMs: 10, late })).toBe(1);
  await expect(within(Promise.reject(new Error("own")), { clock, limitMs: 10, late })).rejects.toThrow("own");
  expect(clock.planned()).toBe(0);
});

it("rejects when the time is over, and ignores what comes later", async () => {
  const clock = createManualClock();
  const { promise, reject } = Promise.withResolvers<number>();
  const refused = expect(within(promise, { clock, limitMs: 10, late })).rejects.toThrow("late");
  await clock.advance(10);
  await refused;
  reject(new Error("ignored"));
  await clock.settle();
});
