import { expect, it } from "vitest";
import { backoffMs, jittered } from "./retry.ts";

const backoff = { firstMs: 50, maxMs: 1_000 };

it("doubles the pause with each failure, up to the longest", () => {
  expect([0, 1, 2, 3, 5, 6, 7].map((failures) => backoffMs(backoff, failures))).toEqual([
    50, 50, 100, 200, 800, 1_000, 1_000,
  ]);
});

it("stays at the longest after any number of failures", () => {
  expect(backoffMs(backoff, 100_000)).toBe(1_000);
});

it("is between half of the pause and all of it with jitter", () => {
  expect([0, 0.5, 1].map((fraction) => jittered(200, { fraction: () => fraction }))).toEqual([100, 150, 200]);
});
