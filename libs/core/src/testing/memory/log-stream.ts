import type { LogChunk, LogReader, LogSender, OutputReader } from "../../ports/log-stream.ts";
import type { Berth } from "./berth.ts";

/** What executions wrote, as a server would keep it: the latest chunks of each. */
export interface OutputStore {
  readonly chunks: ReadonlyMap<string, readonly LogChunk[]>;
  readonly onWritten: Set<(executionId: string, chunk: LogChunk) => void>;
  write(executionId: string, chunk: LogChunk): void;
}

// Enough for any test, few enough to see that old ones go.
const chunksMax = 1_000;

export function createOutputStore(): OutputStore {
  const chunks = new Map<string, LogChunk[]>();
  const onWritten = new Set<(executionId: string, chunk: LogChunk) => void>();
  return {
    chunks,
    onWritten,
    write(executionId, chunk) {
      const kept = chunks.get(executionId) ?? [];
      chunks.set(executionId, kept);
      kept.push(chunk);
      if (kept.length > chunksMax) kept.shift();
      for (const tell of onWritten) tell(executionId, chunk);
    },
  };
}

/** The node's side. */
export function memoryLogSender(berth: Berth, store: OutputStore): LogSender {
  return {
    send(executionId, { stream, bytes }) {
      const chunk: LogChunk = { stream, bytes: bytes.slice() };
      berth.tell("output", () => store.write(executionId, chunk));
    },
  };
}

/** The requester's side. */
export function memoryLogReader(berth: Berth, store: OutputStore): LogReader {
  return {
    async read(executionId, { tail }, reader) {
      const hearing = berth.hearing();
      const deliver = inRoom(reader);
      const tell = (of: string, chunk: LogChunk): void => {
        if (of === executionId) hearing.push(() => deliver.push(() => reader.chunk(chunk)));
      };
      await berth.exchange("output", () => {
        for (const chunk of tail ? [] : (store.chunks.get(executionId) ?? [])) tell(executionId, chunk);
        hearing.push(() => deliver.push(() => reader.caughtUp()));
        store.onWritten.add(tell);
        hearing.onClosed(() => {
          store.onWritten.delete(tell);
          deliver.close();
        });
      });
      return { close: async () => hearing.close() };
    },
  };
}

/** Calls back in order, and only while the reader has room. */
function inRoom(reader: OutputReader): { push(callback: () => void): void; close(): void } {
  let queue: (() => void)[] = [];
  let waiting = false;
  const pump = (): void => {
    while (!waiting && queue.length > 0) {
      const room = reader.room?.();
      if (room === undefined) queue.shift()?.();
      else {
        waiting = true;
        room.then(() => {
          waiting = false;
          pump();
        });
      }
    }
  };
  return {
    push(callback) {
      queue.push(callback);
      pump();
    },
    close() {
      queue = [];
    },
  };
}
