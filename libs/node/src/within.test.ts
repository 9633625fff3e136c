import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { within } from "./within.ts";

const late = () => new Error("late");

it("is the promise's own end while there is time, and leaves no callback behind", async () => {
  const clock = createManualClock();
  expect(await within(Promise.resolve(1), { clock, limitMs: 10, late })).toBe(1);
  await expect(within(Promise.reject(new Error("own")), { clock, limitMs: 10, late })).rejects.toThrow("own");
  await clock.advance(20);
});

it("rejects when the time is over, and ignores what comes later", async () => {
  const clock = createManualClock();
  const { promise, resolve } = Promise.withResolvers<number>();
  const limited = within(promise, { clock, limitMs: 10, late });
  const refused = expect(limited).rejects.toThrow("late");
  await clock.advance(10);
  await refused;
  resolve(1);
});
