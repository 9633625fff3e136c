import type { LogReader } from "@shoal/core";
import { streams, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { readStream } from "../stream/reading.ts";
import { decodeChunk } from "./log-codec.ts";
import { logLimits } from "./log-limits.ts";

/** Reads what is kept of an execution's output, whichever node it ran on, and then what still comes. */
export function createLogReader(link: NatsSession): LogReader {
  return {
    read: (executionId, { tail }, reader) =>
      readStream(link, {
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

// After a break the end is reached again, which is no news to a reader.
function once(callback: () => void): () => void {
  let called = false;
  return () => {
    if (called) return;
    called = true;
    callback();
  };
}
