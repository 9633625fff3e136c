import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Positions } from "../../ports/positions.ts";

/** Buckets without any position. */
export interface PositionsHarness {
  readonly positions: Positions;
  /** An existing bucket, and another one. */
  readonly buckets: readonly [string, string];
  /** The same store for another process. */
  reopened(): Positions;
  /** Deletes a bucket and creates it again. */
  recreate(bucket: string): Promise<void>;
  close?(): Promise<void>;
}

const at = (eventsSeq: number, revision: number) => ({ eventsSeq, reportsSeq: eventsSeq + 1, revision });

/** The contract of every store of positions, in memory or on a server. */
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
    it("returns what was saved with its revision, also to another process", async () => {
      const revision = await harness.positions.save(bucket, 3, at(10, 0));
      expect(await harness.positions.load(bucket, 3)).toEqual(at(10, revision));
      expect(await harness.reopened().load(bucket, 3)).toEqual(at(10, revision));
    });
    it("stores the number of open aggregates", async () => {
      const revision = await harness.positions.save(bucket, 3, { ...at(10, 0), open: 7 });
      expect(await harness.reopened().load(bucket, 3)).toEqual({ ...at(10, revision), open: 7 });
    });
    it("stores that a rebuild has begun, until a write without it", async () => {
      const revision = await harness.positions.save(bucket, 3, { ...at(0, 0), isRebuilding: true });
      expect(await harness.reopened().load(bucket, 3)).toEqual({ ...at(0, revision), isRebuilding: true });
      const done = await harness.positions.save(bucket, 3, at(10, revision));
      expect(await harness.reopened().load(bucket, 3)).toEqual(at(10, done));
    });
    it("separates shards and buckets", async () => {
      const revision = await harness.positions.save(bucket, 3, at(10, 0));
      expect(await harness.positions.load(bucket, 4)).toBeUndefined();
      expect(await harness.positions.load(harness.buckets[1], 3)).toBeUndefined();
      await harness.positions.save(bucket, 4, at(11, 0));
      await harness.positions.save(harness.buckets[1], 3, at(12, 0));
      expect(await harness.positions.load(bucket, 3)).toEqual(at(10, revision));
    });
    it("writes at the revision of the last write, backward as well as forward", async () => {
      let revision = 0;
      for (const eventsSeq of [10, 20, 5]) {
        const next = await harness.positions.save(bucket, 3, at(eventsSeq, revision));
        expect(next).toBeGreaterThan(revision);
        revision = next;
      }
      expect(await harness.reopened().load(bucket, 3)).toEqual(at(5, revision));
    });
    it("refuses a write on any other revision, and keeps the stored one", async () => {
      const first = await harness.positions.save(bucket, 3, at(10, 0));
      const second = await harness.reopened().save(bucket, 3, at(20, first));
      for (const revision of [0, first, second + 1]) {
        await expect(harness.positions.save(bucket, 3, at(30, revision))).rejects.toMatchObject({
          code: "REVISION_CONFLICT",
        });
      }
      expect(await harness.positions.load(bucket, 3)).toEqual(at(20, second));
    });
    it("refuses a write on the right revision of another process, even with the same content", async () => {
      const first = await harness.positions.save(bucket, 3, at(10, 0));
      await harness.reopened().save(bucket, 3, at(20, first));
      await expect(harness.positions.save(bucket, 3, at(20, first))).rejects.toMatchObject({
        code: "REVISION_CONFLICT",
      });
    });
    it("accepts one of several concurrent writes", async () => {
      const writers = [harness.positions, harness.reopened(), harness.reopened()];
      const writes = await Promise.allSettled(writers.map((each, index) => each.save(bucket, 3, at(index + 1, 0))));
      const stored = writes.flatMap((write, index) =>
        write.status === "fulfilled" ? [at(index + 1, write.value)] : [],
      );
      expect(stored).toHaveLength(1);
      expect([await harness.positions.load(bucket, 3)]).toEqual(stored);
    });
    it("has none in a bucket that was created again, and refuses a write at an old revision", async () => {
      const revision = await harness.positions.save(bucket, 3, at(10, 0));
      await harness.recreate(bucket);
      expect(await harness.positions.load(bucket, 3)).toBeUndefined();
      await expect(harness.positions.save(bucket, 3, at(11, revision))).rejects.toMatchObject({
        code: "REVISION_CONFLICT",
      });
      const fresh = await harness.positions.save(bucket, 3, at(1, 0));
      expect(await harness.reopened().load(bucket, 3)).toEqual(at(1, fresh));
    });
  });
}
