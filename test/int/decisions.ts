import { shardCount, shardOf } from "@shoal/proto";
import type { Observer } from "./observer.ts";

/** Shards in which a requester has decided as their owner after `from` commits. Commands of clients need no ownership and do not count. */
export function shardsOf({ commits }: Observer, requester: string, after = 0): ReadonlySet<number> {
  const owned = commits.slice(after).filter(({ commit }) => commit.by === requester && commit.epoch > 0);
  return new Set(owned.map(({ aggregate }) => shardOf(aggregate.id)));
}

/** Whether a requester has decided in all of these shards after `from` commits. */
export function hasTaken(
  observer: Observer,
  requester: string,
  taken: { readonly shards: ReadonlySet<number>; readonly after: number },
): boolean {
  const owned = shardsOf(observer, requester, taken.after);
  return [...taken.shards].every((shard) => owned.has(shard));
}

/** The greatest epoch under which a requester has decided. */
export function epochOf({ commits }: Observer, requester: string): number {
  return commits.reduce((epoch, { commit }) => (commit.by === requester ? Math.max(epoch, commit.epoch) : epoch), 0);
}

/** The number of ended jobs. */
export function endedIn({ trace }: Observer): number {
  return [...trace.jobs.values()].filter((job) => job.end() !== undefined).length;
}

/** Every requester has decided in this number of shards: then the shards are balanced and under load. */
export function isShared(observer: Observer, requesters: readonly string[]): boolean {
  const owned = requesters.map((requester) => shardsOf(observer, requester).size);
  // A few shards may get no job for a while.
  return owned.every((count) => count > 0) && owned.reduce((sum, count) => sum + count, 0) >= shardCount - 2;
}
