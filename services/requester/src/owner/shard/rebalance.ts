import type { LeaseSnapshot } from "@shoal/core";
import { shardCount } from "@shoal/proto";

/** What one requester does to reach its fair share. */
export interface Rebalance {
  readonly acquire: readonly number[];
  readonly release: readonly number[];
}

/**
 * Every requester owns the same number of shards, give or take one. A requester with too many releases the last ones;
 * one with too few claims free ones. As few shards as possible move. `mine` are the shards that this requester owns or
 * is claiming.
 */
export function planRebalance(
  me: string,
  { requesters, owners }: Pick<LeaseSnapshot, "requesters" | "owners">,
  mine: ReadonlySet<number>,
): Rebalance {
  const rank = requesters.indexOf(me);
  if (rank < 0) return { acquire: [], release: [] };
  const quota = Math.floor(shardCount / requesters.length) + (rank < shardCount % requesters.length ? 1 : 0);
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  const free = shards.filter((shard) => !owners.has(shard) && !mine.has(shard));
  // Each requester starts at another index, so that two concurrent ones seldom claim the same shard.
  const start = Math.floor((free.length * rank) / requesters.length);
  const turned = [...free.slice(start), ...free.slice(0, start)];
  return {
    acquire: turned.slice(0, Math.max(0, quota - mine.size)),
    release: shards.filter((shard) => mine.has(shard)).slice(quota),
  };
}
