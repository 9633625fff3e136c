import { expect, it } from "vitest";
import { within } from "./deadline.ts";
import { createManualClock } from "./testing/manual-clock.ts";

const late = () => new Error("late");

it("settles as the promise does before the limit, and cancels its callback", async () => {
  const clock = createManualClock();
  expect(await within(Promise.resolve(1), { clock, limitMs: 10, late })).toBe(1);
  await expect(within(Promise.reject(new Error("own")), { clock, limitMs: 10, late })).rejects.toThrow("own");
  expect(clock.planned()).toBe(0);
});

it("rejects after the limit, and ignores a later result", async () => {
  const clock = createManualClock();
  const { promise, reject } = Promise.withResolvers<number>();
  const refused = expect(within(promise, { clock, limitMs: 10, late })).rejects.toThrow("late");
  await clock.advance(10);
  await refused;
  reject(new Error("ignored"));
  await clock.settle();
});
