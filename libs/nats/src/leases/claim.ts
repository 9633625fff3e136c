import { Fault } from "@shoal/core";
import { buckets } from "@shoal/proto";
import { headerNames } from "../connection/message-headers.ts";
import type { NatsSession } from "../connection/nats-session.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { leaseMarkerMs } from "../topology/topology-data.ts";
import { isRemoval, storedValueOf, streamOfBucket, subjectOfKey } from "../views/bucket.ts";
import { encodeEntry } from "../views/entry-codec.ts";

/** Who claims a key, for how long. The nonce tells one process's claims from all others'. */
export interface LeaseClaim {
  readonly key: string;
  readonly by: string;
  readonly nonce: string;
  readonly ttlMs: number;
  /** What the entry says beside that. */
  readonly summary?: Readonly<Record<string, string | number>>;
}

/** What came of a claim. `unconfirmed`: the server does not say. */
export type Claimed =
  | { readonly state: "held"; readonly revision: number; readonly fresh: boolean }
  | { readonly state: "taken" }
  | { readonly state: "unconfirmed" };

const stream = streamOfBucket(buckets.shards);
const subjectOf = (key: string) => subjectOfKey(buckets.shards, key);
const seconds = (ms: number) => `${Math.ceil(ms / 1_000)}s`;

/** Claims a key that stands at a revision (0 for none) or renews the claim. Throws Fault LOG_UNSUITABLE when it is refused. */
export async function claimKey(link: NatsSession, claim: LeaseClaim, expected: number): Promise<Claimed> {
  const outcome = await link.publisher.publish({
    subject: subjectOf(claim.key),
    // Claims have no place in the log; the entry's form is that of all buckets.
    bytes: encodeEntry({ ...claim.summary, seq: 0, by: claim.by, nonce: claim.nonce }),
    headers: { [headerNames.ttl]: seconds(claim.ttlMs), [headerNames.expectedSubjectSeq]: expected },
  });
  if (outcome.state === "stored") return { state: "held", revision: outcome.seq, fresh: true };
  if (outcome.state === "refused")
    throw new Fault("LOG_UNSUITABLE", `the lease ${claim.key} is refused: ${outcome.why}`);
  const standing = outcome.state === "unsent" ? undefined : await standingClaim(link, claim.key);
  if (standing === undefined || standing.revision === expected) return { state: "unconfirmed" };
  // Stored by a message whose answer was lost, so nobody knows how long ago.
  if (standing.nonce === claim.nonce) return { state: "held", revision: standing.revision, fresh: false };
  return { state: "taken" };
}

/** What stands under a key by the leader's word. */
export interface Standing {
  /** 0 when nothing does. */
  readonly revision: number;
  /** Empty when nobody claims it. */
  readonly nonce: string;
}

/** Undefined when the server does not say. */
export async function standingClaim(link: NatsSession, key: string): Promise<Standing | undefined> {
  const look = await lastOnSubject(link, stream, subjectOf(key));
  if (look.state === "unknown") return undefined;
  if (look.state === "none") return { revision: 0, nonce: "" };
  const { message } = look;
  const nonce = isRemoval(message) ? "" : storedValueOf(message)?.value?.["nonce"];
  return { revision: message.seq, nonce: typeof nonce === "string" ? nonce : "" };
}

/** Gives a key back at once, if it still stands at this revision. What fails here ends by itself a little later. */
export async function dropClaim(link: NatsSession, key: string, revision: number): Promise<void> {
  await link.publisher.publish({
    subject: subjectOf(key),
    bytes: encodeEntry({ seq: 0 }),
    headers: {
      [headerNames.operation]: "DEL",
      [headerNames.ttl]: seconds(leaseMarkerMs),
      [headerNames.expectedSubjectSeq]: revision,
    },
  });
}
