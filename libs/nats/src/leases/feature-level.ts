import { Fault, type ViewEntry } from "@shoal/core";
import { buckets } from "@shoal/proto";
import { z } from "zod";
import { headerNames } from "../connection/message-headers.ts";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { storedValueOf, streamOfBucket, subjectOfKey } from "../views/bucket.ts";
import { encodeEntry } from "../views/entry-codec.ts";

/** The key of the cluster's feature level. It belongs to no shard and no requester, and has no time to live. */
export const featureLevelKey = "cluster.feature";

const Entry = z.object({ level: z.int().min(1) });

/** The level in an entry of the bucket; 1, the level of a new cluster, without one. */
export function featureLevelIn(entry: ViewEntry | undefined): number {
  const read = Entry.safeParse(entry);
  return read.success ? read.data.level : 1;
}

/** See Leases.raiseFeatureLevel. Every write expects the last revision, so that the level never goes down. */
export async function raiseFeatureLevel(session: NatsSession, level: number): Promise<number> {
  const subject = subjectOfKey(buckets.shards, featureLevelKey);
  for (const untilAt = session.clock.now() + patienceMs; ; await shortPause(session)) {
    const found = await lastOnSubject(session, streamOfBucket(buckets.shards), subject);
    let why = found.state === "unknown" ? found.why : "";
    if (found.state !== "unknown") {
      const stored = found.state === "there" ? found.message : undefined;
      const before = featureLevelIn(stored === undefined ? undefined : storedValueOf(stored)?.value);
      if (before >= level) return before;
      const outcome = await session.publisher.publish({
        subject,
        bytes: encodeEntry({ seq: 0, level }),
        headers: { [headerNames.expectedSubjectSeq]: stored?.seq ?? 0 },
      });
      if (outcome.state === "stored") return level;
      if (outcome.state === "refused")
        throw new Fault("LOG_UNSUITABLE", `the server refuses the feature level: ${outcome.why}`);
      why = outcome.why;
    }
    if (session.clock.now() >= untilAt || session.nc.isClosed()) throw unreachable("raising the feature level", why);
  }
}
