import { streams, subjects } from "@shoal/proto";
import { z } from "zod";
import { type Link, unreachable } from "../connection/link.ts";
import { askPatiently } from "../connection/server-request.ts";
import type { ReadMessage } from "../intake/intake.ts";
import { readStream } from "../stream/reading.ts";

/** Who is told the log's messages as they are stored. */
export interface ScanReader {
  /** The next message. Its bytes are valid only during the call. */
  deliver(message: Pick<ReadMessage, "subject" | "seq" | "bytes">): void;
  /** A promise while the reader has enough to do: nothing more is asked for until it resolves. When it rejects, so does the scan. */
  room?(): Promise<void> | undefined;
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
    filter: subjects.allEvents,
    from: { at: "behind", seq: range.afterSeq },
    inOneGo: true,
    deliver(message) {
      if (message.seq <= range.end) reader.deliver(message);
      if (message.seq >= range.end) resolve();
    },
    // The last positions may have been taken by what is no longer there.
    caughtUp: resolve,
    room: () => reader.room?.()?.catch(reject),
  });
  // A connection that is closed on purpose brings nothing more.
  link.nc.closed().then(() => reject(unreachable("scanning the log", "the connection was closed")));
  await promise.finally(() => reading.close());
}

const StreamState = z.object({ state: z.object({ last_seq: z.number() }) });

/** The last position of the log; 0 when it is empty. Throws Fault LOG_UNREACHABLE. */
export async function lastSeq(link: Link): Promise<number> {
  const request = { subject: `$JS.API.STREAM.INFO.${streams.events}`, body: {} };
  const answer = await askPatiently(link, "reading the end of the log", request);
  const info = StreamState.safeParse(answer.state === "ok" ? answer.body : undefined);
  if (!info.success)
    throw unreachable(
      "reading the end of the log",
      answer.state === "error" ? answer.why : `no stream ${streams.events}`,
    );
  return info.data.state.last_seq;
}
