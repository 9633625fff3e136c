import {
  type EventLog,
  faultOf,
  isCommit,
  type Kinds,
  kinds,
  type LogFilter,
  type LogReading,
  paced,
  type StoredCommit,
  type UnreadableCommit,
} from "@shoal/core";
import { aggregateOf, shardOf, streams, subjectOf, subjects } from "@shoal/proto";
import { headerNames } from "../connection/message-headers.ts";
import type { NatsSession } from "../connection/nats-session.ts";
import { readSubject } from "../stream/batch-read.ts";
import type { ReadMessage } from "../stream/read-message.ts";
import { readStream } from "../stream/reading.ts";
import { subjectsOfStream } from "../stream/stream-info.ts";
import { appendCommit } from "./append.ts";
import { createAppendsUnderWay } from "./appends-under-way.ts";
import { messageReader, wholly } from "./commit-codec.ts";
import { lastSeqOf } from "./last-seq-of.ts";
import { lastSeq, scanLog } from "./scan.ts";

type EventLogRecord = StoredCommit | UnreadableCommit;

/** The event log over the stream EVENTS, read with these kinds. */
export function createEventLog(session: NatsSession, known: Kinds = kinds): EventLog {
  const read = messageReader(known);
  // Digests are computed at once: commits are buffered, or passed to callers that store them.
  const readWhole = wholly(read);
  const underWay = createAppendsUnderWay();
  return {
    append: (aggregate, after, commit) => appendCommit(session, { aggregate, after, read, underWay }, commit),
    async load(aggregate, afterSeq = 0) {
      const found: EventLogRecord[] = [];
      const place = { stream: streams.events, subject: subjectOf(aggregate), afterSeq };
      await readSubject(session, place, (message) => {
        const each = readWhole(message);
        if (!isForeign(each, message)) found.push(each);
      });
      return found.map((each) => {
        if (!isCommit(each)) throw faultOf(each);
        return each;
      });
    },
    async follow(filter, afterSeq, ...[deliver, reading = {}]) {
      const commits = paced(handing(deliver, reading), reading.room);
      const isKnown = knownTo(filter);
      const following = await readStream(session, {
        stream: streams.events,
        filter: subjectOfFilter(filter),
        from: { at: "behind", seq: afterSeq },
        ...(reading.room === undefined ? {} : { batch: pacedBatch }),
        deliver(message) {
          const found = isKnown(message) ? undefined : (underWay.read(message) ?? readWhole(message));
          if (found !== undefined && !isForeign(found, message)) commits.add(found);
        },
        room: commits.room,
      });
      return {
        close() {
          commits.close();
          return following.close();
        },
      };
    },
    async scan(afterSeq, deliver, { shard, signal, ...reading } = {}) {
      const commits = paced(handing(deliver, reading), reading.room);
      const end = await scanLog(session, afterSeq, {
        ...(shard === undefined ? {} : { shard }),
        ...(signal === undefined ? {} : { signal }),
        deliver(message) {
          const found = readWhole(message);
          if (isCommit(found) || message.isAppended()) commits.add(found);
        },
        room: commits.room,
      });
      await commits.room();
      return end;
    },
    range({ shard, ...range }, deliver, reading = {}) {
      const place = { stream: streams.events, subject: subjects.job("*", "*", shard ?? "*"), ...range };
      const hand = handing(deliver, reading);
      return readSubject(session, place, (message) => {
        const found = readWhole(message);
        if (!isForeign(found, message)) hand(found);
      });
    },
    ...ends(session),
  };
}

/** What is known without reading commits. */
const ends = (session: NatsSession): Pick<EventLog, "lastSeqOf" | "aggregatesOf" | "lastSeq"> => ({
  lastSeqOf: (aggregate) => lastSeqOf(session, subjectOf(aggregate)),
  async aggregatesOf(kind) {
    const found = await subjectsOfStream(session, streams.events, subjects.eventsOfKind(kind));
    return found.flatMap((subject) => aggregateOf(subject) ?? []);
  },
  lastSeq: () => lastSeq(session),
});

/**
 * Whether no requester appended the message: it is no commit and has no message id. By the reply subject of a request a node can make
 * the server publish its replies to any subject. They are skipped: a node must not be able to quarantine an aggregate.
 */
const isForeign = (found: EventLogRecord, message: Pick<ReadMessage, "header">): boolean =>
  !isCommit(found) && message.header(headerNames.messageId) === "";

// Buffered while a reader is busy: a few times what it processes at once, a few megabytes of commits of usual size.
const pacedBatch = 256;

/** Passes on commits, and unreadable messages, to their callbacks. */
function handing(deliver: (stored: StoredCommit) => void, { unreadable }: LogReading): (found: EventLogRecord) => void {
  return (found) => {
    if (isCommit(found)) deliver(found);
    else unreadable?.(found);
  };
}

/** Whether the filter skips a message before it is decoded. */
function knownTo(filter: LogFilter): (message: ReadMessage) => boolean {
  const knows = filter.shard === undefined ? undefined : filter.knows;
  if (knows === undefined) return () => false;
  return ({ seq }) => knows(seq);
}

function subjectOfFilter(filter: LogFilter): string {
  if (filter.shard !== undefined) return subjects.eventsOfShard(filter.shard);
  const { namespace, jobId } = filter;
  if (namespace === undefined && jobId === undefined) return subjects.allEvents;
  return subjects.job(namespace ?? "*", jobId ?? "*", jobId === undefined ? "*" : shardOf(jobId));
}
