import { streams, subjects } from "@shoal/proto";
import { type Link, unreachable } from "../connection/link.ts";
import { headerNames } from "../connection/message-headers.ts";
import type { Incoming } from "../intake/intake.ts";
import { readStream } from "../stream/reading.ts";
import { streamLastSeq } from "../stream/stream-info.ts";

/** A message as the log holds it. */
export interface ScannedMessage extends Pick<Incoming, "subject" | "seq" | "bytes"> {
  /** Whether it carries a message id, as every append of a requester does. The server's own words never do: no node can make it look so. */
  isAppended(): boolean;
}

/** Who is told the log's messages as they are stored. */
export interface ScanReader {
  /** The next message, whatever its subject. Valid only during the call. */
  deliver(message: ScannedMessage): void;
  /** A promise while the reader has enough to do: nothing more is asked for until it resolves. When it rejects, so does the scan. */
  room?(): Promise<void> | undefined;
  /** Only messages of this shard. */
  readonly shard?: number;
  /** Ends the scan early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Tells every message behind `afterSeq` up to the end of the log as it was when called, in log order; resolves with
 * that end. Throws Fault LOG_UNREACHABLE.
 */
export async function scanLog(link: Link, afterSeq: number, reader: ScanReader): Promise<number> {
  const end = await lastSeq(link);
  if (end > afterSeq) await scan(link, { afterSeq, end }, reader);
  return end;
}

async function scan(
  link: Link,
  range: { readonly afterSeq: number; readonly end: number },
  reader: ScanReader,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const reading = await readStream(link, {
    stream: streams.events,
    // Not only the log's own subjects: what a server was made to answer into the stream stands there under others, and takes a position.
    filter: reader.shard === undefined ? everything : subjects.eventsOfShard(reader.shard),
    from: { at: "behind", seq: range.afterSeq },
    inOneGo: true,
    deliver(message) {
      if (message.seq <= range.end) reader.deliver(new Scanned(message));
      if (message.seq >= range.end) resolve();
    },
    // The last positions may have been taken by what is no longer there.
    caughtUp: resolve,
    room: () => reader.room?.()?.catch(reject),
  });
  // A connection that is closed on purpose brings nothing more.
  link.nc.closed().then(() => reject(unreachable("scanning the log", "the connection was closed")));
  const abort = () => reject(reader.signal?.reason);
  reader.signal?.addEventListener("abort", abort);
  if (reader.signal?.aborted) abort();
  await promise.finally(() => {
    reader.signal?.removeEventListener("abort", abort);
    return reading.close();
  });
}

const everything = ">";

class Scanned implements ScannedMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly #message: Incoming;

  constructor(message: Incoming) {
    this.subject = message.subject;
    this.seq = message.seq;
    this.bytes = message.bytes;
    this.#message = message;
  }

  isAppended(): boolean {
    return this.#message.has(headerNames.messageId);
  }
}

/** The last position of the log; 0 when it is empty. Throws Fault LOG_UNREACHABLE. */
export const lastSeq = (link: Link): Promise<number> => streamLastSeq(link, streams.events);
