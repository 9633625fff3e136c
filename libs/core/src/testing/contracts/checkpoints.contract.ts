import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Checkpoints } from "../../ports/checkpoints.ts";

/** Checkpoints to try, none at first; `again` reaches the same as another process would. */
export interface CheckpointBench {
  readonly checkpoints: Checkpoints;
  again(): Checkpoints;
  close?(): Promise<void>;
}

/** The suite that every keeper of checkpoints passes, in memory or on a server. */
export function checkpointsContract(name: string, make: () => Promise<CheckpointBench>): void {
  describe(`${name}, as checkpoints`, () => {
    let bench: CheckpointBench;
    beforeEach(async () => {
      bench = await make();
    });
    afterEach(async () => {
      await bench.close?.();
    });

    it("begins at zero", async () => {
      expect(await bench.checkpoints.load(3)).toEqual({ eventsSeq: 0, reportsSeq: 0 });
    });
    it("gives back what was saved, also to another process", async () => {
      await bench.checkpoints.save(3, { eventsSeq: 10, reportsSeq: 7 });
      expect(await bench.again().load(3)).toEqual({ eventsSeq: 10, reportsSeq: 7 });
    });
    it("keeps shards apart", async () => {
      await bench.checkpoints.save(3, { eventsSeq: 10, reportsSeq: 7 });
      expect(await bench.checkpoints.load(4)).toEqual({ eventsSeq: 0, reportsSeq: 0 });
    });
    it("never goes back, whoever saves", async () => {
      await bench.checkpoints.save(3, { eventsSeq: 10, reportsSeq: 7 });
      await bench.again().save(3, { eventsSeq: 9, reportsSeq: 6 });
      expect(await bench.checkpoints.load(3)).toEqual({ eventsSeq: 10, reportsSeq: 7 });
      await bench.again().save(3, { eventsSeq: 12, reportsSeq: 8 });
      expect(await bench.checkpoints.load(3)).toEqual({ eventsSeq: 12, reportsSeq: 8 });
    });
  });
}
