import { Fault, type Positions, type StoredPosition } from "@shoal/core";
import { z } from "zod";
import { headerNames } from "./connection/message-headers.ts";
import { type NatsSession, unreachable } from "./connection/nats-session.ts";
import { patienceMs, shortPause } from "./connection/server-request.ts";
import { lastOnSubject, type StoredMessage } from "./stream/stored-message.ts";
import { positionKey, streamOfBucket, subjectOfKey } from "./views/bucket.ts";

const ViewPosition = z.object({
  eventsSeq: z.int().min(0),
  reportsSeq: z.int().min(0),
  open: z.int().min(0).optional(),
  isRebuilding: z.literal(true).optional(),
});

/** A write in progress. */
interface PositionWrite {
  readonly bucket: string;
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** The message id: distinguishes this write from one of another requester with the same content. */
  readonly id: string;
  /** The revision that the caller builds on. */
  readonly revision: number;
  /** The revision that the server checks. It differs from `revision` only when the write replaces an entry that is no position. */
  expected: number;
}

/** Positions as JSON, stored in the streams of the buckets themselves. */
export function createPositions(session: NatsSession): Positions {
  return {
    async load(bucket, shard) {
      const subject = subjectOfKey(bucket, positionKey(shard));
      for (let untilAt = session.clock.now() + patienceMs; ; ) {
        const found = await lastOnSubject(session, streamOfBucket(bucket), subject);
        if (found.state === "none") return undefined;
        if (found.state === "there") return positionOf(found.message);
        if (session.clock.now() >= untilAt || session.nc.isClosed()) throw unreachable(`reading ${subject}`, found.why);
        await shortPause(session);
      }
    },
    save(bucket, shard, { revision, ...position }) {
      const subject = subjectOfKey(bucket, positionKey(shard));
      const bytes = new TextEncoder().encode(JSON.stringify(position));
      return write(session, { bucket, subject, bytes, id: session.random.uuid(), revision, expected: revision });
    },
  };
}

async function write(session: NatsSession, attempt: PositionWrite): Promise<number> {
  const { bucket, subject, bytes, id } = attempt;
  for (let untilAt = session.clock.now() + patienceMs; ; ) {
    const headers = { [headerNames.messageId]: id, [headerNames.expectedSubjectSeq]: attempt.expected };
    const outcome = await session.publisher.publish({ subject, bytes, headers });
    if (outcome.state === "stored") return outcome.seq;
    if (outcome.state === "refused")
      throw new Fault("LOG_UNSUITABLE", `the server refuses ${subject} in bucket ${bucket}: ${outcome.why}`);
    const stored = outcome.state === "unsent" ? undefined : await readBack(session, attempt);
    if (stored !== undefined) return stored;
    if (session.clock.now() >= untilAt || session.nc.isClosed()) throw unreachable(`writing ${subject}`, outcome.why);
    await shortPause(session);
  }
}

/** The revision of the write when it is stored, undefined when it can be retried; throws the conflict. */
async function readBack(session: NatsSession, attempt: PositionWrite): Promise<number | undefined> {
  const { bucket, subject, id, revision } = attempt;
  const found = await lastOnSubject(session, streamOfBucket(bucket), subject);
  if (found.state === "unknown") return undefined;
  const last = found.state === "none" ? undefined : found.message;
  if (last?.header(headerNames.messageId) === id) return last.seq;
  if ((last?.seq ?? 0) === attempt.expected) return undefined;
  // An entry that was loaded as "no position" is replaced.
  if (revision === 0 && last !== undefined && positionOf(last) === undefined) {
    attempt.expected = last.seq;
    return undefined;
  }
  const got = last === undefined ? "no position" : `revision ${last.seq}`;
  throw new Fault("REVISION_CONFLICT", `${subject}: expected revision ${revision}, got ${got}`, {
    details: { expected: revision, got: last?.seq ?? 0 },
  });
}

/** Reads a position; undefined for any other message, such as a removal marker, which is empty. */
function positionOf(message: StoredMessage): StoredPosition | undefined {
  const position = ViewPosition.safeParse(jsonOf(message.bytes));
  if (!position.success) return undefined;
  const { open, isRebuilding, ...reached } = position.data;
  return {
    ...reached,
    ...(open === undefined ? {} : { open }),
    ...(isRebuilding === undefined ? {} : { isRebuilding }),
    revision: message.seq,
  };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
