import type { LogReader } from "@shoal/core";
import { streams, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { readStream } from "../stream/reading.ts";
import { decodeChunk } from "./log-codec.ts";
import { logLimits } from "./log-limits.ts";

/** Reads the stored output of an execution on any node, and then follows it. */
export function createLogReader(session: NatsSession): LogReader {
  return {
    read: (executionId, { tail }, reader) =>
      readStream(session, {
        stream: streams.logs,
        filter: subjects.log("*", executionId),
        from: tail ? { at: "now" } : { at: "behind", seq: 0 },
        deliver(message) {
          const chunk = decodeChunk(message.bytes);
          if (chunk !== undefined) reader.chunk(chunk);
        },
        batch: logLimits.readBatch,
        ...(reader.room === undefined ? {} : { room: () => reader.room?.() }),
        caughtUp: once(() => reader.caughtUp()),
      }),
  };
}

// After a reconnect the end is reached again; the reader is notified only the first time.
function once(callback: () => void): () => void {
  let called = false;
  return () => {
    if (called) return;
    called = true;
    callback();
  };
}
