import { Fault } from "@shoal/core";
import { buckets } from "@shoal/proto";
import { headerNames } from "../connection/message-headers.ts";
import type { NatsSession } from "../connection/nats-session.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { leaseMarkerMs } from "../topology/topology-data.ts";
import { storedValueOf, streamOfBucket, subjectOfKey } from "../views/bucket.ts";
import { encodeEntry } from "../views/entry-codec.ts";

/** A claim of a key. The nonce identifies the process. */
export interface LeaseClaim {
  readonly key: string;
  readonly by: string;
  readonly nonce: string;
  readonly ttlMs: number;
  /** Further fields of the entry. */
  readonly summary?: Readonly<Record<string, string | number>>;
}

/** Result of a claim. `unconfirmed`: the server did not reply. */
export type Claimed =
  | { readonly state: "held"; readonly revision: number; readonly fresh: boolean }
  | { readonly state: "taken" }
  | { readonly state: "unconfirmed" };

const stream = streamOfBucket(buckets.shards);
const subjectOf = (key: string) => subjectOfKey(buckets.shards, key);
const seconds = (ms: number) => `${Math.ceil(ms / 1_000)}s`;

/** Claims a key whose revision is `expected` (0 for no entry), or renews the claim. Throws Fault LOG_UNSUITABLE when it is refused. */
export async function claimKey(session: NatsSession, claim: LeaseClaim, expected: number): Promise<Claimed> {
  const outcome = await session.publisher.publish({
    subject: subjectOf(claim.key),
    // Claims have no position in the log; the entry has the form of all buckets.
    bytes: encodeEntry({ ...claim.summary, seq: 0, by: claim.by, nonce: claim.nonce }),
    headers: { [headerNames.ttl]: seconds(claim.ttlMs), [headerNames.expectedSubjectSeq]: expected },
  });
  if (outcome.state === "stored") return { state: "held", revision: outcome.seq, fresh: true };
  if (outcome.state === "refused")
    throw new Fault("LOG_UNSUITABLE", `the server refuses the lease ${claim.key}: ${outcome.why}`);
  const standing = outcome.state === "unsent" ? undefined : await standingClaim(session, claim.key);
  if (standing === undefined || standing.revision === expected) return { state: "unconfirmed" };
  // Stored by a message whose reply was lost, so the time of the claim is unknown.
  if (standing.nonce === claim.nonce) return { state: "held", revision: standing.revision, fresh: false };
  return { state: "taken" };
}

/** The claim under a key, read from the stream's leader. */
export interface Standing {
  /** 0 without an entry. */
  readonly revision: number;
  /** Empty when the key is not claimed. */
  readonly nonce: string;
}

/** The current claim of a key; undefined when the server does not reply. */
export async function standingClaim(session: NatsSession, key: string): Promise<Standing | undefined> {
  const lookup = await lastOnSubject(session, stream, subjectOf(key));
  if (lookup.state === "unknown") return undefined;
  if (lookup.state === "none") return { revision: 0, nonce: "" };
  const { message } = lookup;
  const nonce = storedValueOf(message)?.value?.["nonce"];
  return { revision: message.seq, nonce: typeof nonce === "string" ? nonce : "" };
}

/** Releases a key if its revision is still this one. If that fails, the claim expires. */
export async function dropClaim(session: NatsSession, key: string, revision: number): Promise<void> {
  await session.publisher.publish({
    subject: subjectOf(key),
    bytes: encodeEntry({ seq: 0 }),
    headers: {
      [headerNames.operation]: "DEL",
      [headerNames.ttl]: seconds(leaseMarkerMs),
      [headerNames.expectedSubjectSeq]: revision,
    },
  });
}
