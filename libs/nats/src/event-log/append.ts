import { assert, Fault, type StoredCommit, type Tip } from "@shoal/core";
import { type AggregateRef, type Commit, streams, subjectOf } from "@shoal/proto";
import type { Written } from "../codec/written.ts";
import { type Link, unreachable } from "../connection/link.ts";
import { headerNames } from "../connection/message-headers.ts";
import type { Answered } from "../connection/publish-outcome.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { lastOnSubject, nextOnSubject, type StoredMessage } from "../stream/stored-message.ts";
import { decodeCommit, type EncodedCommit, encodeCommit, hashOf } from "./commit-codec.ts";

interface Attempt {
  readonly subject: string;
  readonly commit: Commit;
  readonly encoded: EncodedCommit;
  /** The sequence that the subject's last message must have. */
  expectedSeq: number;
}

/** A commit as this process wrote it; its position is the server's to say. */
export type WrittenCommit = Omit<StoredCommit, "seq">;

/** What the leader's last message says about an append whose answer was none. */
interface Look {
  /** The leader answered. */
  readonly answered: boolean;
  /** Where the commit is, when it is stored. */
  readonly seq?: number;
}

/** See EventLog.append. */
export async function appendCommit(
  link: Link,
  place: { readonly aggregate: AggregateRef; readonly after: Tip; readonly written: Written<WrittenCommit> },
  commit: Commit,
): Promise<Tip> {
  const { aggregate, after, written } = place;
  assert(commit.prev === after.hash, `commit ${commit.id} must name the hash of the commit before it`);
  const subject = subjectOf(aggregate);
  const encoded = encodeCommit(commit);
  const { bytes, hash } = encoded;
  written.add(subject, bytes, { aggregate, hash, commit });
  const attempt: Attempt = { subject, commit, encoded, expectedSeq: after.seq };
  const untilAt = link.clock.now() + patienceMs;
  for (let deafSince: number | undefined; ; ) {
    const outcome = await publish(link, attempt);
    if (outcome.state === "stored") return { seq: outcome.seq, hash };
    if (outcome.state === "refused") throw refusal(subject, outcome.why);
    const look = outcome.state === "unsent" ? { answered: false } : await settle(link, attempt, after);
    if (look.seq !== undefined) return { seq: look.seq, hash };
    // A leader that answers what is read and not what is written has a disk that takes nothing.
    deafSince = isDeaf(outcome) && look.answered ? (deafSince ?? link.clock.now()) : undefined;
    if (deafSince !== undefined && link.clock.now() - deafSince >= fullAfterMs) throw full(subject, outcome.why);
    if (link.clock.now() >= untilAt || link.nc.isClosed()) throw unreachable(`appending to ${subject}`, outcome.why);
    await shortPause(link);
  }
}

// Behind the first append that a leader leaves unanswered (3 s): together longer than the 4 to 8 s of a change of leader (measured).
const fullAfterMs = 6_000;

const isDeaf = (outcome: Answered): boolean => outcome.state === "unknown" && outcome.cause !== undefined;

function publish(link: Link, { subject, commit, encoded, expectedSeq }: Attempt) {
  const headers = { [headerNames.messageId]: commit.id, [headerNames.expectedSubjectSeq]: expectedSeq };
  return link.publisher.publish({ subject, bytes: encoded.bytes, headers });
}

/**
 * Whatever the answer was, the leader's last message of the subject tells what is true: a retry of a publish that had
 * succeeded is called a conflict by a single server, and one in flight on a replicated stream is called a conflict too.
 * Answers with our position when the commit is there, without one when it is right to try again; throws the conflict.
 */
async function settle(link: Link, attempt: Attempt, after: Tip): Promise<Look> {
  const look = await lastOnSubject(link, streams.events, attempt.subject);
  if (look.state === "unknown") return { answered: false };
  const last = look.state === "none" ? undefined : look.message;
  if (last !== undefined && isOurs(last, attempt)) return { answered: true, seq: last.seq };
  if ((last?.seq ?? 0) === attempt.expectedSeq) return { answered: true };
  // Somebody has moved on. From where we were, or from our commit, whose answer was lost?
  const next = await nextOnSubject(link, streams.events, { subject: attempt.subject, seq: attempt.expectedSeq + 1 });
  if (next.state === "unknown") return { answered: false };
  if (next.state === "there" && isOurs(next.message, attempt)) return { answered: true, seq: next.message.seq };
  if (last !== undefined && decodeCommit(last.bytes) === undefined && (await onlyDamageBehind(link, attempt, after))) {
    attempt.expectedSeq = last.seq;
    return { answered: true };
  }
  const found = last === undefined ? "nothing there" : `position ${last.seq}`;
  throw new Fault("REVISION_CONFLICT", `${attempt.subject}: wanted to follow position ${after.seq}, found ${found}`, {
    details: { wanted: after.seq, found: last?.seq ?? 0 },
  });
}

function isOurs(stored: StoredMessage, { commit, encoded }: Attempt): boolean {
  return decodeCommit(stored.bytes)?.id === commit.id && hashOf(stored.bytes) === encoded.hash;
}

/**
 * Something that is no commit stands on the aggregate's subject (only a foreign writer can have put it there). It is
 * skipped by every reader, so it must not lock the aggregate for ever: true when nothing but such things follows the tip.
 */
async function onlyDamageBehind(link: Link, { subject }: Attempt, after: Tip): Promise<boolean> {
  for (let seq = after.seq + 1; ; ) {
    const look = await nextOnSubject(link, streams.events, { subject, seq });
    if (look.state === "none") return true;
    if (look.state === "unknown" || decodeCommit(look.message.bytes) !== undefined) return false;
    seq = look.message.seq + 1;
  }
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
