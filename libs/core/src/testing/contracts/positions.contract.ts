import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Positions } from "../../ports/positions.ts";

/** Buckets without any position. */
export interface PositionsHarness {
  readonly positions: Positions;
  /** A bucket that exists, and another one. */
  readonly buckets: readonly [string, string];
  /** Reaches the same as another process would. */
  again(): Positions;
  /** Deletes a bucket and makes it again. */
  recreate(bucket: string): Promise<void>;
  close?(): Promise<void>;
}

const at = (eventsSeq: number, revision: number) => ({ eventsSeq, reportsSeq: eventsSeq + 1, revision });

/** The suite that every store of positions passes, in memory or on a server. */
export function positionsContract(name: string, make: () => Promise<PositionsHarness>): void {
  describe(`${name}, as positions`, () => {
    let harness: PositionsHarness;
    let bucket: string;
    beforeEach(async () => {
      harness = await make();
      [bucket] = harness.buckets;
    });
    afterEach(async () => {
      await harness.close?.();
    });

    it("has none at first", async () => {
      expect(await harness.positions.load(bucket, 3)).toBeUndefined();
    });
    it("gives back what was saved with its revision, also to another process", async () => {
      const revision = await harness.positions.save(bucket, 3, at(10, 0));
      expect(await harness.positions.load(bucket, 3)).toEqual(at(10, revision));
      expect(await harness.again().load(bucket, 3)).toEqual(at(10, revision));
    });
    it("keeps how many aggregates are open", async () => {
      const revision = await harness.positions.save(bucket, 3, { ...at(10, 0), open: 7 });
      expect(await harness.again().load(bucket, 3)).toEqual({ ...at(10, revision), open: 7 });
    });
    it("keeps that a rebuild has begun, until it is written without", async () => {
      const revision = await harness.positions.save(bucket, 3, { ...at(0, 0), isRebuilding: true });
      expect(await harness.again().load(bucket, 3)).toEqual({ ...at(0, revision), isRebuilding: true });
      const done = await harness.positions.save(bucket, 3, at(10, revision));
      expect(await harness.again().load(bucket, 3)).toEqual(at(10, done));
    });
    it("keeps shards and buckets apart", async () => {
      const revision = await harness.positions.save(bucket, 3, at(10, 0));
      expect(await harness.positions.load(bucket, 4)).toBeUndefined();
      expect(await harness.positions.load(harness.buckets[1], 3)).toBeUndefined();
      await harness.positions.save(bucket, 4, at(11, 0));
      await harness.positions.save(harness.buckets[1], 3, at(12, 0));
      expect(await harness.positions.load(bucket, 3)).toEqual(at(10, revision));
    });
    it("writes again on the revision of the last write, back as well as forth", async () => {
      let revision = 0;
      for (const eventsSeq of [10, 20, 5]) {
        const next = await harness.positions.save(bucket, 3, at(eventsSeq, revision));
        expect(next).toBeGreaterThan(revision);
        revision = next;
      }
      expect(await harness.again().load(bucket, 3)).toEqual(at(5, revision));
    });
    it("refuses a write on any other revision, and keeps what is there", async () => {
      const first = await harness.positions.save(bucket, 3, at(10, 0));
      const second = await harness.again().save(bucket, 3, at(20, first));
      for (const revision of [0, first, second + 1]) {
        await expect(harness.positions.save(bucket, 3, at(30, revision))).rejects.toMatchObject({
          code: "REVISION_CONFLICT",
        });
      }
      expect(await harness.positions.load(bucket, 3)).toEqual(at(20, second));
    });
    it("refuses a write on the right revision of another process, even with the same content", async () => {
      const first = await harness.positions.save(bucket, 3, at(10, 0));
      await harness.again().save(bucket, 3, at(20, first));
      await expect(harness.positions.save(bucket, 3, at(20, first))).rejects.toMatchObject({
        code: "REVISION_CONFLICT",
      });
    });
    it("lets one of several that write at once through", async () => {
      const writers = [harness.positions, harness.again(), harness.again()];
      const writes = await Promise.allSettled(writers.map((each, index) => each.save(bucket, 3, at(index + 1, 0))));
      const stored = writes.flatMap((write, index) =>
        write.status === "fulfilled" ? [at(index + 1, write.value)] : [],
      );
      expect(stored).toHaveLength(1);
      expect([await harness.positions.load(bucket, 3)]).toEqual(stored);
    });
    it("has none in a bucket that was deleted and made again, and refuses what builds on the old one", async () => {
      const revision = await harness.positions.save(bucket, 3, at(10, 0));
      await harness.recreate(bucket);
      expect(await harness.positions.load(bucket, 3)).toBeUndefined();
      await expect(harness.positions.save(bucket, 3, at(11, revision))).rejects.toMatchObject({
        code: "REVISION_CONFLICT",
      });
      const fresh = await harness.positions.save(bucket, 3, at(1, 0));
      expect(await harness.again().load(bucket, 3)).toEqual(at(1, fresh));
    });
  });
}
