import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, pause } from "../../clock.ts";
import { heard } from "./heard.ts";

/** A clock to try. */
export interface ClockBench {
  readonly clock: Clock;
  close?(): Promise<void>;
}

/** The suite that every clock passes, real or moved by hand. */
export function clockContract(name: string, make: () => Promise<ClockBench>): void {
  describe(`${name}, as a clock`, () => {
    let bench: ClockBench;
    beforeEach(async () => {
      bench = await make();
    });
    afterEach(async () => {
      await bench.close?.();
    });

    it("calls back once, and not before the time", async () => {
      const { clock } = bench;
      const ear = heard<number>();
      const at = clock.now() + 20;
      clock.at(at, () => ear.tell(clock.now()));
      expect((await ear.atLeast(1))[0]).toBeGreaterThanOrEqual(at);
      await pause(clock, 20);
      expect(ear.all).toHaveLength(1);
    });
    it("calls back in order of time, whatever the order of asking", async () => {
      const { clock } = bench;
      const ear = heard<number>();
      const start = clock.now();
      for (const ms of [30, 10, 20]) clock.at(start + ms, () => ear.tell(ms));
      expect(await ear.atLeast(3)).toEqual([10, 20, 30]);
    });
    it("calls back soon, but not at once, for a time that is over", async () => {
      const { clock } = bench;
      const ear = heard<string>();
      clock.at(clock.now() - 1000, () => ear.tell("called back"));
      ear.tell("went on");
      expect(await ear.atLeast(2)).toEqual(["went on", "called back"]);
    });
    it("does not call back what was cancelled, and takes a late cancelling lightly", async () => {
      const { clock } = bench;
      const ear = heard<string>();
      const start = clock.now();
      const cancel = clock.at(start + 10, () => ear.tell("cancelled"));
      const late = clock.at(start + 15, () => ear.tell("kept"));
      cancel();
      cancel();
      await ear.atLeast(1);
      late();
      expect(ear.all).toEqual(["kept"]);
    });
    it("stands a time far away", async () => {
      const { clock } = bench;
      const ear = heard<string>();
      // A year: more than a timer of the runtime can hold.
      const cancel = clock.at(clock.now() + 31_536_000_000, () => ear.tell("a year"));
      clock.at(clock.now() + 5, () => ear.tell("soon"));
      expect(await ear.atLeast(1)).toEqual(["soon"]);
      cancel();
    });
    it("ends a pause when its time is over or when the signal fires", async () => {
      const { clock } = bench;
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
