import type { Checkpoint, Checkpoints } from "../../ports/checkpoints.ts";
import type { Berth } from "./berth.ts";

/** How far each shard has been carried. */
export type CheckpointStore = Map<number, Checkpoint>;

const none: Checkpoint = { eventsSeq: 0, reportsSeq: 0 };

/** Checkpoints as one process reaches them. Each of the two positions is a fact by itself and never goes back. */
export function memoryCheckpoints(berth: Berth, store: CheckpointStore): Checkpoints {
  return {
    load: (shard) => berth.exchange("checkpoints", () => store.get(shard) ?? none),
    save: (shard, { eventsSeq, reportsSeq }) =>
      berth.exchange("checkpoints", () => {
        const old = store.get(shard) ?? none;
        store.set(shard, {
          eventsSeq: Math.max(old.eventsSeq, eventsSeq),
          reportsSeq: Math.max(old.reportsSeq, reportsSeq),
        });
      }),
  };
}
