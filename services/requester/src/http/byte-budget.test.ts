import { describe, expect, it } from "vitest";
import { createByteBudget } from "./byte-budget.ts";

describe("a budget of bytes", () => {
  it("has room until it is taken, and says when there is some again", () => {
    const budget = createByteBudget(100);
    let collected = 0;
    const forget = budget.onRoom(() => {
      collected += 1;
    });
    budget.take(90);
    expect([budget.isFullWith(10), budget.isFullWith(11)]).toEqual([false, true]);
    budget.give(10);
    expect(collected).toBe(0);
    budget.take(20);
    budget.give(1);
    budget.give(1);
    expect(collected).toBe(1);
    budget.take(2);
    forget();
    budget.give(100);
    expect(collected).toBe(1);
  });
});
