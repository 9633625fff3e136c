import { assert, Fault, faultOf, isCommit, type StreamPosition } from "@shoal/core";
import { type AggregateRef, type Commit, streams, subjectOf } from "@shoal/proto";
import { headerNames } from "../connection/message-headers.ts";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import type { PublishOutcome } from "../connection/publish-outcome.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { lastOnSubject, nextOnSubject, type StoredMessage } from "../stream/stored-message.ts";
import type { AppendsUnderWay } from "./appends-under-way.ts";
import { type EncodedCommit, encodeCommit, hashOf, type MessageReader } from "./commit-codec.ts";

interface AppendAttempt {
  readonly subject: string;
  readonly commit: Commit;
  readonly encoded: EncodedCommit;
  /** The sequence that the subject's last message must have. */
  readonly expectedSeq: number;
  /** The position of the commit that this one follows. */
  readonly afterSeq: number;
  readonly read: MessageReader;
}

/** What the leader's last message shows about an append with an unknown outcome. */
type AppendLookup =
  | { readonly state: "stored"; readonly seq: number }
  /** It may be repeated. The sequence to expect differs when only foreign messages follow the commit that this one follows. */
  | { readonly state: "absent"; readonly expectedSeq: number };

/** Where a commit is appended. */
export interface AppendPlace {
  readonly aggregate: AggregateRef;
  readonly after: StreamPosition;
  readonly read: MessageReader;
  readonly underWay: AppendsUnderWay;
}

/** See EventLog.append. */
export async function appendCommit(session: NatsSession, place: AppendPlace, commit: Commit): Promise<StreamPosition> {
  const { aggregate, after, read, underWay } = place;
  assert(commit.prev === after.hash, `commit ${commit.id} must name the hash of the commit before it`);
  const subject = subjectOf(aggregate);
  const encoded = encodeCommit(commit);
  const first: AppendAttempt = { subject, commit, encoded, expectedSeq: after.seq, afterSeq: after.seq, read };
  return await underWay.during({ aggregate, subject, commit, encoded }, () => untilSettled(session, first));
}

/** Retries until the outcome is known: the commit is stored, another one is, or the log does not answer. */
async function untilSettled(session: NatsSession, first: AppendAttempt): Promise<StreamPosition> {
  const { subject } = first;
  const { hash } = first.encoded;
  let attempt = first;
  const untilAt = session.clock.now() + patienceMs;
  for (let deafSince: number | undefined; ; ) {
    const outcome = await publish(session, attempt);
    if (outcome.state === "stored") return { seq: outcome.seq, hash };
    if (outcome.state === "refused") throw refusal(subject, outcome.why);
    const settled = outcome.state === "unsent" ? undefined : await settle(session, attempt);
    if (settled?.state === "stored") return { seq: settled.seq, hash };
    if (settled !== undefined) attempt = { ...attempt, expectedSeq: settled.expectedSeq };
    // A leader that answers reads but no writes has a disk that accepts no data.
    deafSince = isDeaf(outcome) && settled !== undefined ? (deafSince ?? session.clock.now()) : undefined;
    if (deafSince !== undefined && session.clock.now() - deafSince >= fullAfterMs) throw full(subject, outcome.why);
    if (session.clock.now() >= untilAt || session.nc.isClosed())
      throw unreachable(`appending to ${subject}`, outcome.why);
    await shortPause(session);
  }
}

// After the first append that a leader leaves unanswered (3 s): together longer than the 4 to 8 s of a change of leader (measured).
const fullAfterMs = 6_000;

const isDeaf = (outcome: PublishOutcome): boolean => outcome.state === "unknown" && outcome.cause !== undefined;

function publish(session: NatsSession, { subject, commit, encoded, expectedSeq }: AppendAttempt) {
  const headers = { [headerNames.messageId]: commit.id, [headerNames.expectedSubjectSeq]: expectedSeq };
  return session.publisher.publish({ subject, bytes: encoded.bytes, headers });
}

/**
 * The leader's last message of the subject decides, whatever the reply was: a single server reports a conflict for the retry of a
 * publish that had succeeded, and a replicated stream does so for one in flight. Returns undefined when the leader does not
 * answer; throws the conflict. No commit may follow a requester's message that cannot be read: then
 * its Fault replaces the conflict.
 */
async function settle(session: NatsSession, attempt: AppendAttempt): Promise<AppendLookup | undefined> {
  const { subject, expectedSeq, read } = attempt;
  const lookup = await lastOnSubject(session, streams.events, subject);
  if (lookup.state === "unknown") return undefined;
  const last = lookup.state === "none" ? undefined : lookup.message;
  if (last !== undefined && isOurs(last, attempt)) return { state: "stored", seq: last.seq };
  if ((last?.seq ?? 0) === expectedSeq) return { state: "absent", expectedSeq };
  // Another commit was appended: after the commit that this one follows, or after this one, whose reply was lost?
  const next = await nextOnSubject(session, streams.events, { subject, seq: expectedSeq + 1 });
  if (next.state === "unknown") return undefined;
  if (next.state === "there" && isOurs(next.message, attempt)) return { state: "stored", seq: next.message.seq };
  const found = last === undefined ? undefined : read(last);
  if (last !== undefined && found !== undefined && !isCommit(found)) {
    if (last.header(headerNames.messageId) !== "") throw faultOf(found);
    if (await onlyForeignBehind(session, attempt)) return { state: "absent", expectedSeq: last.seq };
  }
  const where = last === undefined ? "no commit" : `position ${last.seq}`;
  throw new Fault("REVISION_CONFLICT", `${subject}: expected to follow position ${expectedSeq}, got ${where}`, {
    details: { expected: expectedSeq, found: last?.seq ?? 0 },
  });
}

/** True when no requester appended the messages after the commit that this one follows: they must not block the aggregate. */
async function onlyForeignBehind(session: NatsSession, { subject, afterSeq }: AppendAttempt): Promise<boolean> {
  for (let seq = afterSeq + 1; ; ) {
    const lookup = await nextOnSubject(session, streams.events, { subject, seq });
    if (lookup.state === "none") return true;
    if (lookup.state === "unknown" || lookup.message.header(headerNames.messageId) !== "") return false;
    seq = lookup.message.seq + 1;
  }
}

function isOurs(stored: StoredMessage, { encoded }: AppendAttempt): boolean {
  return hashOf(stored.bytes) === encoded.hash;
}

function full(subject: string, why: string): Fault {
  const problem = why.startsWith("no reply from the server")
    ? `the server answers reads and stores nothing: ${why}`
    : why;
  return new Fault("LOG_FULL", `appending to ${subject}: ${problem}`);
}

function refusal(subject: string, why: string): Fault {
  return new Fault("LOG_UNSUITABLE", `${subject}: the server refuses the commit: ${why}`);
}
