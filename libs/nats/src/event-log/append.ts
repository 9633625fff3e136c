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

/** What the leader's last message says about an append whose answer was none. */
interface AppendLookup {
  /** The leader answered. */
  readonly answered: boolean;
  /** Where the commit is, when it is stored. */
  readonly seq?: number;
  /** The sequence to expect, where nothing but foreign messages is behind the commit that this one follows. */
  readonly expectedSeq?: number;
}

/** Where a commit is appended. */
export interface AppendPlace {
  readonly aggregate: AggregateRef;
  readonly after: StreamPosition;
  readonly read: MessageReader;
  readonly underWay: AppendsUnderWay;
}

/** See EventLog.append. */
export async function appendCommit(link: NatsSession, place: AppendPlace, commit: Commit): Promise<StreamPosition> {
  const { aggregate, after, read, underWay } = place;
  assert(commit.prev === after.hash, `commit ${commit.id} must name the hash of the commit before it`);
  const subject = subjectOf(aggregate);
  const encoded = encodeCommit(commit);
  const first: AppendAttempt = { subject, commit, encoded, expectedSeq: after.seq, afterSeq: after.seq, read };
  return await underWay.during({ aggregate, subject, commit, encoded }, () => untilSettled(link, first));
}

/** Tries until the log has an answer: the commit is there, or another one, or it does not answer. */
async function untilSettled(link: NatsSession, first: AppendAttempt): Promise<StreamPosition> {
  const { subject } = first;
  const { hash } = first.encoded;
  let attempt = first;
  const untilAt = link.clock.now() + patienceMs;
  for (let deafSince: number | undefined; ; ) {
    const outcome = await publish(link, attempt);
    if (outcome.state === "stored") return { seq: outcome.seq, hash };
    if (outcome.state === "refused") throw refusal(subject, outcome.why);
    const look = outcome.state === "unsent" ? { answered: false } : await settle(link, attempt);
    if (look.seq !== undefined) return { seq: look.seq, hash };
    if (look.expectedSeq !== undefined) attempt = { ...attempt, expectedSeq: look.expectedSeq };
    // A leader that answers what is read and not what is written has a disk that takes nothing.
    deafSince = isDeaf(outcome) && look.answered ? (deafSince ?? link.clock.now()) : undefined;
    if (deafSince !== undefined && link.clock.now() - deafSince >= fullAfterMs) throw full(subject, outcome.why);
    if (link.clock.now() >= untilAt || link.nc.isClosed()) throw unreachable(`appending to ${subject}`, outcome.why);
    await shortPause(link);
  }
}

// Behind the first append that a leader leaves unanswered (3 s): together longer than the 4 to 8 s of a change of leader (measured).
const fullAfterMs = 6_000;

const isDeaf = (outcome: PublishOutcome): boolean => outcome.state === "unknown" && outcome.cause !== undefined;

function publish(link: NatsSession, { subject, commit, encoded, expectedSeq }: AppendAttempt) {
  const headers = { [headerNames.messageId]: commit.id, [headerNames.expectedSubjectSeq]: expectedSeq };
  return link.publisher.publish({ subject, bytes: encoded.bytes, headers });
}

/**
 * Whatever the answer was, the leader's last message of the subject tells what is true: a retry of a publish that had
 * succeeded is called a conflict by a single server, and one in flight on a replicated stream is called a conflict too.
 * Answers with our position when the commit is there, without one when it is right to try again; throws the conflict. Nothing may
 * follow a message of a requester that cannot be read: its Fault takes the conflict's place.
 */
async function settle(link: NatsSession, attempt: AppendAttempt): Promise<AppendLookup> {
  const { subject, expectedSeq, read } = attempt;
  const look = await lastOnSubject(link, streams.events, subject);
  if (look.state === "unknown") return { answered: false };
  const last = look.state === "none" ? undefined : look.message;
  if (last !== undefined && isOurs(last, attempt)) return { answered: true, seq: last.seq };
  if ((last?.seq ?? 0) === expectedSeq) return { answered: true };
  // Another commit was appended: behind what this one builds on, or behind this one, whose answer was lost?
  const next = await nextOnSubject(link, streams.events, { subject, seq: expectedSeq + 1 });
  if (next.state === "unknown") return { answered: false };
  if (next.state === "there" && isOurs(next.message, attempt)) return { answered: true, seq: next.message.seq };
  const found = last === undefined ? undefined : read(last);
  if (last !== undefined && found !== undefined && !isCommit(found)) {
    if (last.header(headerNames.messageId) !== "") throw faultOf(found);
    if (await onlyForeignBehind(link, attempt)) return { answered: true, expectedSeq: last.seq };
  }
  const where = last === undefined ? "nothing there" : `position ${last.seq}`;
  throw new Fault("REVISION_CONFLICT", `${subject}: expected to follow position ${expectedSeq}, got ${where}`, {
    details: { expected: expectedSeq, found: last?.seq ?? 0 },
  });
}

/** True when no requester has appended what is behind the commit that this attempt follows: it must not lock the aggregate. */
async function onlyForeignBehind(link: NatsSession, { subject, afterSeq }: AppendAttempt): Promise<boolean> {
  for (let seq = afterSeq + 1; ; ) {
    const look = await nextOnSubject(link, streams.events, { subject, seq });
    if (look.state === "none") return true;
    if (look.state === "unknown" || look.message.header(headerNames.messageId) !== "") return false;
    seq = look.message.seq + 1;
  }
}

function isOurs(stored: StoredMessage, { encoded }: AppendAttempt): boolean {
  return hashOf(stored.bytes) === encoded.hash;
}

function full(subject: string, why: string): Fault {
  const problem = why.startsWith("the server gave")
    ? `the server answers what is read and stores nothing: ${why}`
    : why;
  return new Fault("LOG_FULL", `appending to ${subject}: ${problem}`);
}

function refusal(subject: string, why: string): Fault {
  return new Fault("LOG_UNSUITABLE", `${subject}: the server refuses the commit: ${why}`);
}
