import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, pause } from "../../clock.ts";
import { record } from "./recorded.ts";

/** A clock under test. */
export interface ClockHarness {
  readonly clock: Clock;
  close?(): Promise<void>;
}

/** The contract of every clock, real or manual. */
export function clockContract(name: string, make: () => Promise<ClockHarness>): void {
  describe(`${name}, as a clock`, () => {
    let harness: ClockHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.close?.();
    });

    it("calls back once, and not before the time", async () => {
      const { clock } = harness;
      const recorded = record<number>();
      const at = clock.now() + 20;
      clock.at(at, () => recorded.push(clock.now()));
      expect((await recorded.atLeast(1))[0]).toBeGreaterThanOrEqual(at);
      await pause(clock, 20);
      expect(recorded.all).toHaveLength(1);
    });
    it("calls back in order of time, for any order of registration", async () => {
      const { clock } = harness;
      const recorded = record<number>();
      const start = clock.now();
      for (const ms of [30, 10, 20]) clock.at(start + ms, () => recorded.push(ms));
      expect(await recorded.atLeast(3)).toEqual([10, 20, 30]);
    });
    it("calls back soon, but not at once, for a past time", async () => {
      const { clock } = harness;
      const recorded = record<string>();
      clock.at(clock.now() - 1000, () => recorded.push("called back"));
      recorded.push("went on");
      expect(await recorded.atLeast(2)).toEqual(["went on", "called back"]);
    });
    it("does not call a cancelled callback, and allows late cancellation", async () => {
      const { clock } = harness;
      const recorded = record<string>();
      const start = clock.now();
      const cancel = clock.at(start + 10, () => recorded.push("cancelled"));
      const late = clock.at(start + 15, () => recorded.push("kept"));
      cancel();
      cancel();
      await recorded.atLeast(1);
      late();
      expect(recorded.all).toEqual(["kept"]);
    });
    it("supports a distant time", async () => {
      const { clock } = harness;
      const recorded = record<string>();
      // A year: more than a timer of the runtime can hold.
      const cancel = clock.at(clock.now() + 31_536_000_000, () => recorded.push("a year"));
      clock.at(clock.now() + 5, () => recorded.push("soon"));
      expect(await recorded.atLeast(1)).toEqual(["soon"]);
      cancel();
    });
    it("ends a pause after its time or when the signal fires", async () => {
      const { clock } = harness;
      const start = clock.now();
      await pause(clock, 10);
      expect(clock.now() - start).toBeGreaterThanOrEqual(10);
      const given = new AbortController();
      const long = pause(clock, 31_536_000_000, given.signal);
      given.abort();
      await long;
      await pause(clock, 1000, given.signal);
    });
  });
}
