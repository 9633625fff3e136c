import type { EventLog, Following, LogFilter, StoredCommit } from "@shoal/core";
import { type AggregateRef, aggregateOf, shardOf, streams, subjects } from "@shoal/proto";
import { createWritten } from "../codec/written.ts";
import type { Link } from "../connection/link.ts";
import type { ReadMessage } from "../intake/intake.ts";
import { readSubject } from "../stream/batch-read.ts";
import { readStream } from "../stream/reading.ts";
import { appendCommit, type WrittenCommit } from "./append.ts";
import { decodeStored } from "./commit-codec.ts";
import { lastSeq, scanLog } from "./scan.ts";

/** A message in the log that is no commit. It is told and skipped: one bad message must not stop a shard. */
export interface Damage {
  readonly subject: string;
  readonly seq: number;
  readonly why: string;
}

/** The event log over the stream EVENTS. `onDamage` hears of every message that is no commit, each time it is met. */
export function createEventLog(link: Link, onDamage: (damage: Damage) => void): EventLog {
  const reader =
    (deliver: (stored: StoredCommit) => void) => (message: Pick<ReadMessage, "subject" | "seq" | "bytes">) => {
      const stored = decodeStored(message);
      if (typeof stored === "string") onDamage({ subject: message.subject, seq: message.seq, why: stored });
      else deliver(stored);
    };
  const written = createWritten<WrittenCommit>();
  return {
    append: (aggregate, after, commit) => appendCommit(link, { aggregate, after, written }, commit),
    async load(aggregate, afterSeq = 0) {
      const commits: StoredCommit[] = [];
      const place = { stream: streams.events, subject: subjectFor(aggregate), afterSeq };
      await readSubject(
        link,
        place,
        reader((stored) => commits.push(stored)),
      );
      return commits;
    },
    follow(filter, afterSeq, deliver) {
      const readOut = reader(deliver);
      const read = (message: ReadMessage) => {
        const own = written.at(message.subject, message.bytes);
        if (own === undefined) readOut(message);
        else deliver({ ...own, seq: message.seq });
      };
      return follow(link, { filter: subjectOfFilter(filter), afterSeq }, unlessKnown(filter, read));
    },
    scan: (afterSeq, deliver) => scanLog(link, afterSeq, { deliver: reader(deliver) }),
    range({ shard, ...range }, deliver) {
      const place = { stream: streams.events, subject: subjects.job("*", "*", shard ?? "*"), ...range };
      return readSubject(link, place, reader(deliver));
    },
    lastSeq: () => lastSeq(link),
  };
}

/** Spares a follower the reading of what it wrote itself. */
function unlessKnown(filter: LogFilter, read: (message: ReadMessage) => void): (message: ReadMessage) => void {
  const knows = filter.shard === undefined ? undefined : filter.knows;
  if (knows === undefined) return read;
  return (message) => {
    if (!knows(aggregateOf(message.subject)?.id ?? "", message.seq)) read(message);
  };
}

function subjectFor({ kind, namespace, id }: AggregateRef): string {
  return kind === "job" ? subjects.job(namespace, id) : subjects.node(id);
}

function subjectOfFilter(filter: LogFilter): string {
  if (filter.shard !== undefined) return subjects.eventsOfShard(filter.shard);
  const { namespace, jobId } = filter;
  if (namespace === undefined && jobId === undefined) return subjects.allEvents;
  return subjects.job(namespace ?? "*", jobId ?? "*", jobId === undefined ? "*" : shardOf(jobId));
}

function follow(
  link: Link,
  place: { readonly filter: string; readonly afterSeq: number },
  deliver: (message: ReadMessage) => void,
): Promise<Following> {
  const { filter, afterSeq } = place;
  return readStream(link, { stream: streams.events, filter, from: { at: "behind", seq: afterSeq }, deliver });
}
