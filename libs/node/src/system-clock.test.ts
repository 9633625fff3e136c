import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "./system-clock.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const day = 86_400_000;

it("calls back in order of time, once each, with one timer", () => {
  const clock = systemClock();
  const rung: string[] = [];
  const times = [30, 10, 20, 10, 50, 40, 5, 60, 25];
  for (const [index, time] of times.entries()) clock.at(clock.now() + time, () => rung.push(`${time}/${index}`));
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(100);
  expect(rung.map((name) => Number(name.split("/")[0]))).toEqual(times.toSorted((one, other) => one - other));
  expect(vi.getTimerCount()).toBe(0);
});

it("does not call back before the time, and calls back at once for a past time", () => {
  const clock = systemClock();
  const rung: number[] = [];
  clock.at(clock.now() + 10, () => rung.push(clock.now()));
  clock.at(clock.now() - 10, () => rung.push(clock.now()));
  vi.advanceTimersByTime(9);
  expect(rung).toEqual([1_000]);
  vi.advanceTimersByTime(1);
  expect(rung).toEqual([1_000, 1_010]);
});

it("does not call a cancelled callback, and leaves no timer", () => {
  const clock = systemClock();
  const rung: string[] = [];
  const cancel = clock.at(clock.now() + 10, () => rung.push("cancelled"));
  clock.at(clock.now() + 20, () => rung.push("kept"));
  cancel();
  vi.advanceTimersByTime(20);
  cancel();
  expect(rung).toEqual(["kept"]);
  const last = clock.at(clock.now() + 10, () => rung.push("last"));
  last();
  expect(vi.getTimerCount()).toBe(0);
});

it("supports times beyond the limit of one timer", () => {
  const clock = systemClock();
  const rung: number[] = [];
  clock.at(clock.now() + 60 * day, () => rung.push(clock.now()));
  vi.advanceTimersByTime(60 * day - 1);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toEqual([1_000 + 60 * day]);
});

it("calls the other callbacks when one throws", () => {
  const clock = systemClock();
  const rung: string[] = [];
  clock.at(clock.now() + 10, () => {
    throw new Error("one of them");
  });
  clock.at(clock.now() + 20, () => rung.push("other"));
  expect(() => vi.advanceTimersByTime(10)).toThrow("one of them");
  vi.advanceTimersByTime(10);
  expect(rung).toEqual(["other"]);
});

it("releases the memory of a cancelled callback at once", () => {
  vi.useRealTimers();
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const clock = systemClock({ unref: true });
  const held = (() => {
    const burden = { bytes: new Uint8Array(1_000_000) };
    clock.at(clock.now() + day, () => burden.bytes.fill(0))();
    return new WeakRef(burden);
  })();
  return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    collect();
    expect(held.deref()).toBeUndefined();
  });
});

it("calls the remaining callbacks in order after thousands are cancelled", () => {
  const clock = systemClock();
  const rung: number[] = [];
  const cancels = Array.from({ length: 5_000 }, (_, index) =>
    clock.at(clock.now() + 5_000 - index, () => rung.push(5_000 - index)),
  );
  for (const [index, cancel] of cancels.entries()) if (index % 500 !== 0) cancel();
  vi.advanceTimersByTime(10_000);
  expect(rung).toEqual([500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000]);
  expect(vi.getTimerCount()).toBe(0);
});
