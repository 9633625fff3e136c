import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { resultWithin, within } from "./deadline.ts";
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

it("counts from the last activity: the limit passes only after a silence of its length", async () => {
  const clock = createManualClock();
  const { promise } = Promise.withResolvers<number>();
  let activeAt = clock.now();
  const failures: unknown[] = [];
  within(promise, { clock, limitMs: 10, late, since: () => activeAt }).catch((failure: unknown) =>
    failures.push(failure),
  );
  await clock.advance(6);
  activeAt = clock.now();
  await clock.advance(9);
  expect(failures).toEqual([]);
  await clock.advance(1);
  expect(failures).toEqual([late()]);
  expect(clock.planned()).toBe(0);
});

it("ends at its limit although the clock was set back meanwhile", async () => {
  const callbacks: (() => void)[] = [];
  const clock = {
    now: () => 0,
    at: (_: number, callback: () => void) => {
      callbacks.push(callback);
      return () => {};
    },
  };
  const refused = expect(within(new Promise(() => {}), { clock, limitMs: 10, late })).rejects.toThrow("late");
  for (const callback of callbacks.splice(0)) callback();
  await refused;
  expect(callbacks).toEqual([]);
});

it("ends early when its signal fires, also before the call, and then leaves no timer and no listener", async () => {
  const clock = createManualClock();
  const { promise } = Promise.withResolvers<number>();
  const end = new AbortController();
  const limit = { clock, limitMs: 10, signal: end.signal };
  expect(await within(Promise.resolve(1), { ...limit, late })).toBe(1);
  await clock.settle();
  expect(getEventListeners(end.signal, "abort")).toEqual([]);
  const refused = expect(within(promise, { ...limit, late })).rejects.toThrow("late");
  const result = resultWithin(promise, limit);
  end.abort();
  await refused;
  expect(await result).toBeUndefined();
  await expect(within(promise, { ...limit, late })).rejects.toThrow("late");
  expect(clock.planned()).toBe(0);
  expect(getEventListeners(end.signal, "abort")).toEqual([]);
});

it("resolves with the result, or with undefined after the limit; a failure stays a failure", async () => {
  const clock = createManualClock();
  const limit = { clock, limitMs: 10 };
  expect(await resultWithin(Promise.resolve(1), limit)).toBe(1);
  await expect(resultWithin(Promise.reject(new Error("own")), limit)).rejects.toThrow("own");
  const { promise, reject } = Promise.withResolvers<number>();
  const late = resultWithin(promise, limit);
  await clock.advance(10);
  expect(await late).toBeUndefined();
  reject(new Error("ignored"));
  await clock.settle();
  expect(clock.planned()).toBe(0);
});
