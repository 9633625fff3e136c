import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import type { ReadOptions } from "./read-options.ts";
import { readStream } from "./reading.ts";

/** What to read, and when it is enough. */
export interface ReadToEndOptions extends Omit<ReadOptions, "caughtUp" | "consumerName"> {
  /** The last position that is of interest; the end of the stream when it is left out. */
  readonly upTo?: number;
  /** Reads over a connection of its own: a read that the server cuts off as a slow consumer takes nothing else with it. */
  readonly ownConnection?: boolean;
  /** Ends it early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

// Requested ahead: as fast as 1,000 of them, and what else the process receives comes 1 to 5 ms late instead of 5 to 15 (measured).
const longReadBatch = 256;

/** Delivers what a stream holds. When `room` rejects, so does the read. Throws Fault LOG_UNREACHABLE. */
export async function readToEnd(
  link: NatsSession,
  { ownConnection = false, ...options }: ReadToEndOptions,
): Promise<void> {
  if (!ownConnection) return await read(link, options);
  const second = await link.openSecond();
  try {
    await read(second, options);
  } finally {
    // Nothing is left to send. A drain would wait for ever when the first connection closes in the same moment.
    await second.abandon();
  }
}

async function read(link: NatsSession, options: Omit<ReadToEndOptions, "ownConnection">): Promise<void> {
  const { upTo = Number.POSITIVE_INFINITY, deliver, room, signal, ...rest } = options;
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const reading = await readStream(link, {
    batch: longReadBatch,
    ...rest,
    deliver(message) {
      if (message.seq <= upTo) deliver(message);
      if (message.seq >= upTo) resolve();
    },
    // The last positions may have been taken by what is no longer there.
    caughtUp: resolve,
    room: () => room?.()?.catch(reject),
  });
  // A connection that is closed on purpose brings nothing more.
  link.nc.closed().then(() => reject(unreachable(`reading ${options.stream}`, "the connection was closed")));
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  await done.finally(() => {
    signal?.removeEventListener("abort", abort);
    return reading.close();
  });
}
