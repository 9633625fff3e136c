import type { LeaseWatcher, MemberInfo, ViewEntry } from "@shoal/core";
import { shardCount } from "@shoal/proto";
import { z } from "zod";
import { featureLevelIn, featureLevelKey } from "./feature-level.ts";

const memberPrefix = "requester.";

/** The key under which a requester says that it lives. */
export const memberKey = (requesterId: string): string => `${memberPrefix}${requesterId}`;

/** Whether a key is that of a requester that says that it lives. */
export const isMemberKey = (key: string): boolean => key.startsWith(memberPrefix);

/** The key of a shard's lease. */
export const leaseKey = (shard: number): string => `${shard}`;

/** Who lives and who owns what, as the bucket says, told to a watcher whenever it is another than before. */
export interface LeaseTable {
  /** An entry of the bucket came, changed or went. */
  see(key: string, value: ViewEntry | undefined): void;
  /** The first telling is complete: tell the watcher from now on. */
  complete(): void;
}

// What an entry that does not say it supports at least.
const Member = z.object({ version: z.string().catch(""), featureLevel: z.int().min(1).catch(1) });

/** A picture that knows nothing yet. Renewals, which change nothing that a watcher asks for, are not told. */
export function createLeaseTable(watcher: Pick<LeaseWatcher, "changed">): LeaseTable {
  const members = new Map<string, MemberInfo>();
  const owners = new Map<number, string>();
  let featureLevel = 1;
  let collected: string | undefined;
  let isComplete = false;

  function emit(): void {
    const requesters = [...members.keys()].sort();
    const said = requesters.map((id) => [id, members.get(id)]);
    const now = JSON.stringify([said, [...owners].sort(([one], [other]) => one - other), featureLevel]);
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
      // An entry that is gone, with its bucket, lowers nothing.
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
