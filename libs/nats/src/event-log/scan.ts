import { streams, subjects } from "@shoal/proto";
import { headerNames } from "../connection/message-headers.ts";
import type { NatsSession } from "../connection/nats-session.ts";
import type { DeliveredMessage } from "../stream/read-message.ts";
import { readToEnd } from "../stream/read-to-end.ts";
import { streamLastSeq } from "../stream/stream-info.ts";

/** A message of the log. */
export interface ScannedMessage extends Pick<DeliveredMessage, "subject" | "seq" | "bytes"> {
  /** Whether it has a message id, as every append of a requester does. Replies of the server never have one, whatever a node sends. */
  isAppended(): boolean;
}

/** Receives the log's messages unchanged. */
export interface ScanReader {
  /** The next message, whatever its subject. Valid only during the call. */
  deliver(message: ScannedMessage): void;
  /** A promise while the reader is busy: no more messages are requested until it resolves. When it rejects, so does the scan. */
  room?(): Promise<void> | undefined;
  /** Limits the scan to this shard. */
  readonly shard?: number;
  /** Messages requested ahead: more for a process that does nothing else. The default is that of `readToEnd`. */
  readonly batch?: number;
  /** Ends the scan early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Delivers every message after `afterSeq` in log order, up to the end of the log at the time of the call; resolves with that end.
 * Throws Fault LOG_UNREACHABLE.
 */
export async function scanLog(session: NatsSession, afterSeq: number, reader: ScanReader): Promise<number> {
  const end = await lastSeq(session);
  if (end <= afterSeq) return end;
  await readToEnd(session, {
    stream: streams.events,
    // All subjects: replies that a node made the server publish into the stream are under others, and take a position.
    filter: reader.shard === undefined ? ">" : subjects.eventsOfShard(reader.shard),
    from: { at: "behind", seq: afterSeq },
    upTo: end,
    ownConnection: true,
    deliver: (message) => reader.deliver(new Scanned(message)),
    room: () => reader.room?.(),
    ...(reader.batch === undefined ? {} : { batch: reader.batch }),
    ...(reader.signal === undefined ? {} : { signal: reader.signal }),
  });
  return end;
}

class Scanned implements ScannedMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly #message: DeliveredMessage;

  constructor(message: DeliveredMessage) {
    this.subject = message.subject;
    this.seq = message.seq;
    this.bytes = message.bytes;
    this.#message = message;
  }

  isAppended(): boolean {
    return this.#message.header(headerNames.messageId) !== "";
  }
}

/** The last position of the log; 0 when it is empty. Throws Fault LOG_UNREACHABLE. */
export const lastSeq = (session: NatsSession): Promise<number> => streamLastSeq(session, streams.events);
