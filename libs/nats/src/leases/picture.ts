import type { LeaseWatcher, ViewEntry } from "@shoal/core";
import { shardCount } from "@shoal/proto";

const memberPrefix = "requester.";

/** The key under which a requester says that it lives. */
export const memberKey = (requesterId: string): string => `${memberPrefix}${requesterId}`;

/** Whether a key is that of a requester that says that it lives. */
export const isMemberKey = (key: string): boolean => key.startsWith(memberPrefix);

/** The key of a shard's lease. */
export const leaseKey = (shard: number): string => `${shard}`;

/** Who lives and who owns what, as the bucket says, told to a watcher whenever it is another than before. */
export interface Picture {
  /** An entry of the bucket came, changed or went. */
  see(key: string, value: ViewEntry | undefined): void;
  /** The first telling is complete: tell the watcher from now on. */
  complete(): void;
}

/** A picture that knows nothing yet. Renewals, which change nothing that a watcher asks for, are not told. */
export function createPicture(watcher: Pick<LeaseWatcher, "changed">): Picture {
  const members = new Set<string>();
  const owners = new Map<number, string>();
  let told: string | undefined;
  let isComplete = false;

  function tell(): void {
    const requesters = [...members].sort();
    const now = JSON.stringify([requesters, [...owners].sort(([one], [other]) => one - other)]);
    if (!isComplete || now === told) return;
    told = now;
    watcher.changed({ requesters, owners: new Map(owners) });
  }

  return {
    see(key, value) {
      const by = value?.["by"];
      if (key.startsWith(memberPrefix)) {
        const id = key.slice(memberPrefix.length);
        if (value === undefined) members.delete(id);
        else members.add(id);
      } else if (isShard(key)) {
        if (typeof by === "string") owners.set(Number(key), by);
        else owners.delete(Number(key));
      }
      tell();
    },
    complete() {
      isComplete = true;
      tell();
    },
  };
}

function isShard(key: string): boolean {
  const shard = Number(key);
  return Number.isInteger(shard) && shard >= 0 && shard < shardCount;
}
