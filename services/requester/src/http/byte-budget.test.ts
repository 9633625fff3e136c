import { describe, expect, it } from "vitest";
import { createByteBudget } from "./byte-budget.ts";

describe("a budget of bytes", () => {
  it("has room until it is used up, and calls back when there is room", () => {
    const budget = createByteBudget(100);
    let calls = 0;
    const forget = budget.onRoom(() => {
      calls += 1;
    });
    budget.take(90);
    expect([budget.isFullWith(10), budget.isFullWith(11)]).toEqual([false, true]);
    budget.give(10);
    expect(calls).toBe(0);
    budget.take(20);
    budget.give(1);
    budget.give(1);
    expect(calls).toBe(1);
    budget.take(2);
    forget();
    budget.give(100);
    expect(calls).toBe(1);
  });
});
