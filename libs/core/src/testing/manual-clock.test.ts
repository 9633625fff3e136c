import { describe, expect, it } from "vitest";
import { pause } from "../clock.ts";
import { createManualClock } from "./manual-clock.ts";
import { createPrng } from "./prng.ts";

describe("a manual clock", () => {
  it("has a constant time until it is moved", async () => {
    const clock = createManualClock(100);
    expect(clock.now()).toBe(100);
    await clock.advance(50);
    expect(clock.now()).toBe(150);
  });

  it("calls back in order of time, and at that time", async () => {
    const clock = createManualClock(0);
    const seen: string[] = [];
    for (const at of [30, 10, 20]) clock.at(at, () => seen.push(`${at}@${clock.now()}`));
    await clock.advanceTo(25);
    expect(seen).toEqual(["10@10", "20@20"]);
  });

  it("lets promises settle between two callbacks", async () => {
    const clock = createManualClock(0);
    const seen: number[] = [];
    const twice = async (first: number): Promise<void> => {
      await pause(clock, first);
      await pause(clock, 10);
      seen.push(clock.now());
    };
    void twice(1);
    void twice(2);
    await clock.advanceTo(20);
    expect(seen).toEqual([11, 12]);
  });

  it("does not call a cancelled callback", async () => {
    const clock = createManualClock(0);
    clock.at(1, () => expect.unreachable("this was cancelled"))();
    await clock.runUntilIdle();
    expect(clock.planned()).toBe(0);
  });

  it("throws when a callback plans itself forever", async () => {
    const clock = createManualClock(0);
    const repeat = (): void => void clock.at(clock.now() + 1, repeat);
    repeat();
    await expect(clock.runUntilIdle(100)).rejects.toThrow("still 1 planned");
  });

  it("keeps the order of equal times without a prng, and repeats a seeded order with one", async () => {
    const run = async (seed?: number): Promise<string> => {
      const clock = createManualClock(0, seed === undefined ? undefined : createPrng(seed));
      let seen = "";
      for (const name of "abcdefgh") clock.at(5, () => (seen += name));
      await clock.runUntilIdle();
      return seen;
    };
    expect(await run()).toBe("abcdefgh");
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });
});
