import type { Checkpoint, Checkpoints, ViewStore } from "@shoal/core";
import { z } from "zod";

const Kept = z.object({ eventsSeq: z.number(), reportsSeq: z.number() });

const beginning: Checkpoint = { eventsSeq: 0, reportsSeq: 0 };

/** Checkpoints in a bucket. One that lies behind what is kept is not kept. */
export function createCheckpoints(store: ViewStore): Checkpoints {
  const known = new Map<number, Checkpoint>();
  return {
    async load(shard) {
      const kept = Kept.safeParse(await store.get(`${shard}`));
      const checkpoint = kept.success ? kept.data : beginning;
      // Others than the owner load too, perhaps from a replica that is behind: what was saved here stays known.
      const before = known.get(shard) ?? beginning;
      known.set(shard, {
        eventsSeq: Math.max(before.eventsSeq, checkpoint.eventsSeq),
        reportsSeq: Math.max(before.reportsSeq, checkpoint.reportsSeq),
      });
      return checkpoint;
    },
    async save(shard, { eventsSeq, reportsSeq }) {
      const before = known.get(shard) ?? beginning;
      const now = {
        eventsSeq: Math.max(before.eventsSeq, eventsSeq),
        reportsSeq: Math.max(before.reportsSeq, reportsSeq),
      };
      known.set(shard, now);
      // The bucket's guard wants one number: both only grow, so their sum does.
      await store.put(`${shard}`, { seq: now.eventsSeq + now.reportsSeq, ...now });
    },
  };
}
