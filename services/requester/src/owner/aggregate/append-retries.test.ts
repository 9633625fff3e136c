import { describe, expect, it } from "vitest";
import { AppendRetries } from "./append-retries.ts";

// The longest of the random pauses.
const random = { fraction: () => 1 };
const policy = (isOwner: boolean) => new AppendRetries({ random, isOwner });
const times = <T>(count: number, act: () => T): readonly T[] => Array.from({ length: count }, act);

describe("a retry after silence of the log", () => {
  it("comes after pauses that grow to a second, for an owner only", () => {
    const owner = policy(true);
    expect(times(7, () => owner.afterSilence())).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
    expect(policy(false).afterSilence()).toBeUndefined();
  });
});

describe("a retry after a conflict", () => {
  it("comes at once five times, and then after a pause that grows", () => {
    const owner = policy(true);
    const pauses = times(8, () => owner.afterConflict()?.beforeMs);
    expect(pauses).toEqual([0, 0, 0, 0, 0, 100, 200, 400]);
  });
  it("that finds no new commit pauses four times, and is then given up", () => {
    const owner = policy(true);
    const idle = times(6, () => owner.afterConflict()?.idleMs);
    expect(idle).toEqual([50, 50, 50, 50, undefined, undefined]);
  });
  it("is given up without a lease at the 24th in a row, and never by an owner", () => {
    const [owner, other] = [policy(true), policy(false)];
    expect(times(30, () => owner.afterConflict()).every((retry) => retry !== undefined)).toBe(true);
    const given = times(24, () => other.afterConflict() !== undefined);
    expect(given).toEqual([...times(23, () => true), false]);
  });
  it("is counted from the first one again after a success", () => {
    const owner = policy(true);
    times(9, () => [owner.afterConflict(), owner.afterSilence()]);
    owner.reset();
    expect(owner.afterConflict()).toEqual(policy(true).afterConflict());
    expect(owner.afterSilence()).toBe(50);
  });
});
