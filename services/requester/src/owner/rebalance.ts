import type { LeaseSnapshot } from "@shoal/core";
import { shardCount } from "@shoal/proto";

/** What one requester does to come to its fair share. */
export interface Rebalance {
  readonly acquire: readonly number[];
  readonly release: readonly number[];
}

/**
 * Everybody owns as many shards as everybody else, give or take one; who has too many gives the last ones back, who has too few
 * takes free ones. As little moves as can. `mine` are the shards that this requester holds or is about to.
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
  // Everybody begins at another place, so that two who look at once seldom reach for the same shard.
  const start = Math.floor((free.length * rank) / requesters.length);
  const turned = [...free.slice(start), ...free.slice(0, start)];
  return {
    acquire: turned.slice(0, Math.max(0, quota - mine.size)),
    release: shards.filter((shard) => mine.has(shard)).slice(quota),
  };
}
