import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import type { ReadOptions } from "./read-options.ts";
import { readStream } from "./reading.ts";

/** What to read, and where to end. */
export interface ReadToEndOptions extends Omit<ReadOptions, "caughtUp" | "consumerName"> {
  /** The last position to read; the end of the stream when left out. */
  readonly upTo?: number;
  /** Reads over a separate connection, so that a disconnect as a slow consumer affects no other traffic. */
  readonly ownConnection?: boolean;
  /** Ends the read early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

// Messages requested ahead: as fast as 1,000, and delays other messages of the process by 1 to 5 ms instead of 5 to 15 (measured).
const longReadBatch = 256;

/** Delivers the messages of a stream. When `room` rejects, so does the read. Throws Fault LOG_UNREACHABLE. */
export async function readToEnd(
  session: NatsSession,
  { ownConnection = false, ...options }: ReadToEndOptions,
): Promise<void> {
  if (!ownConnection) return await read(session, options);
  const second = await session.openSecond();
  try {
    await read(second, options);
  } finally {
    // There is nothing to flush. A drain would never end when the first connection closes at the same time.
    await second.abandon();
  }
}

async function read(session: NatsSession, options: Omit<ReadToEndOptions, "ownConnection">): Promise<void> {
  const { upTo = Number.POSITIVE_INFINITY, deliver, room, signal, ...rest } = options;
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const reading = await readStream(session, {
    batch: longReadBatch,
    ...rest,
    deliver(message) {
      if (message.seq <= upTo) deliver(message);
      if (message.seq >= upTo) resolve();
    },
    // The messages at the last positions may have been removed.
    caughtUp: resolve,
    room: () => room?.()?.catch(reject),
  });
  // A closed connection delivers no more messages.
  session.nc.closed().then(() => reject(unreachable(`reading ${options.stream}`, "the connection was closed")));
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  await done.finally(() => {
    signal?.removeEventListener("abort", abort);
    return reading.close();
  });
}
