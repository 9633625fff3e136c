import type { LeaseWatcher, MemberInfo, ViewEntry } from "@shoal/core";
import { shardCount } from "@shoal/proto";
import { z } from "zod";
import { featureLevelIn, featureLevelKey } from "./feature-level.ts";

const memberPrefix = "requester.";

/** The key of a requester's membership. */
export const memberKey = (requesterId: string): string => `${memberPrefix}${requesterId}`;

/** Whether a key is that of a requester's membership. */
export const isMemberKey = (key: string): boolean => key.startsWith(memberPrefix);

/** The key of a shard's lease. */
export const leaseKey = (shard: number): string => `${shard}`;

/** The live requesters and the owners of shards, read from the bucket. Calls a watcher on every change. */
export interface LeaseTable {
  /** Applies an entry of the bucket that was added, changed or removed. */
  see(key: string, value: ViewEntry | undefined): void;
  /** Called when the bucket has been read: the watcher is called from now on. */
  complete(): void;
}

// The defaults are the minimum that an entry without these fields supports.
const Member = z.object({ version: z.string().catch(""), featureLevel: z.int().min(1).catch(1) });

/** Creates an empty table. The watcher is not called for renewals, which change nothing that it reads. */
export function createLeaseTable(watcher: Pick<LeaseWatcher, "changed">): LeaseTable {
  const members = new Map<string, MemberInfo>();
  const owners = new Map<number, string>();
  let featureLevel = 1;
  let collected: string | undefined;
  let isComplete = false;

  function emit(): void {
    const requesters = [...members.keys()].sort();
    const infos = requesters.map((id) => [id, members.get(id)]);
    const now = JSON.stringify([infos, [...owners].sort(([one], [other]) => one - other), featureLevel]);
    if (!isComplete || now === collected) return;
    collected = now;
    watcher.changed({ requesters, members: new Map(members), owners: new Map(owners), featureLevel });
  }

  function seeMember(id: string, value: ViewEntry | undefined): void {
    if (value === undefined) members.delete(id);
    else members.set(id, Member.parse(value));
  }

  return {
    see(key, value) {
      const by = value?.["by"];
      if (key.startsWith(memberPrefix)) seeMember(key.slice(memberPrefix.length), value);
      // An entry that was deleted with its bucket does not lower the level.
      else if (key === featureLevelKey) featureLevel = Math.max(featureLevel, featureLevelIn(value));
      else if (isShard(key)) {
        if (typeof by === "string") owners.set(Number(key), by);
        else owners.delete(Number(key));
      }
      emit();
    },
    complete() {
      isComplete = true;
      emit();
    },
  };
}

function isShard(key: string): boolean {
  const shard = Number(key);
  return Number.isInteger(shard) && shard >= 0 && shard < shardCount;
}
