import { shardCount, shardOf } from "@shoal/proto";
import type { Witness } from "./witness.ts";

/** Shards in which a requester has decided as their owner, behind so many commits. Commands of clients need no ownership and do not count. */
export function shardsOf({ commits }: Witness, requester: string, after = 0): ReadonlySet<number> {
  const owned = commits.slice(after).filter(({ commit }) => commit.by === requester && commit.epoch > 0);
  return new Set(owned.map(({ aggregate }) => shardOf(aggregate.id)));
}

/** Whether a requester has decided in all of these shards, behind so many commits. */
export function hasTaken(
  witness: Witness,
  requester: string,
  taken: { readonly shards: ReadonlySet<number>; readonly after: number },
): boolean {
  const owned = shardsOf(witness, requester, taken.after);
  return [...taken.shards].every((shard) => owned.has(shard));
}

/** The greatest epoch under which a requester has decided. */
export function epochOf({ commits }: Witness, requester: string): number {
  return commits.reduce((epoch, { commit }) => (commit.by === requester ? Math.max(epoch, commit.epoch) : epoch), 0);
}

/** How many jobs have ended. */
export function endedIn({ story }: Witness): number {
  return [...story.jobs.values()].filter((job) => job.end() !== undefined).length;
}

/** Everybody who decides has decided in so many shards: then the share is settled, and there is load on it. */
export function isShared(witness: Witness, requesters: readonly string[]): boolean {
  const owned = requesters.map((requester) => shardsOf(witness, requester).size);
  // A few shards may see no job for a while.
  return owned.every((count) => count > 0) && owned.reduce((sum, count) => sum + count, 0) >= shardCount - 2;
}
