import { Fault } from "../../fault.ts";
import type { Positions, StoredPosition } from "../../ports/positions.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** The server's positions of all buckets. */
export interface PositionStore {
  load(bucket: string, shard: number): StoredPosition | undefined;
  /** The new revision. Throws Fault REVISION_CONFLICT. */
  save(bucket: string, shard: number, position: StoredPosition): number;
  /** Deletes the bucket with its positions. */
  drop(bucket: string): void;
  /** Copies the positions of a bucket; the returned function restores the copy. */
  backUp(bucket: string): () => void;
}

/** A store without positions. */
export function createPositionStore(): PositionStore {
  const byBucket = new Map<string, Map<number, StoredPosition>>();
  let lastRevision = 0;
  return {
    load: (bucket, shard) => byBucket.get(bucket)?.get(shard),
    save(bucket, shard, { revision, ...position }) {
      const positions = byBucket.get(bucket) ?? new Map<number, StoredPosition>();
      const got = positions.get(shard)?.revision ?? 0;
      if (got !== revision)
        throw new Fault("REVISION_CONFLICT", `${bucket} ${shard}: expected revision ${revision}, got ${got}`);
      lastRevision++;
      byBucket.set(bucket, positions.set(shard, { ...position, revision: lastRevision }));
      return lastRevision;
    },
    drop: (bucket) => void byBucket.delete(bucket),
    backUp(bucket) {
      const copy = new Map(byBucket.get(bucket));
      return () => void byBucket.set(bucket, new Map(copy));
    },
  };
}

/** The positions port of one process. */
export function memoryPositions(proc: SimulatedProcess, store: PositionStore): Positions {
  return {
    load: (bucket, shard) => proc.exchange("positions", () => store.load(bucket, shard)),
    save: (bucket, shard, position) => proc.exchange("positions", () => store.save(bucket, shard, position)),
  };
}
