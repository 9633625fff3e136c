import type { LogChunk, LogReader, LogSender, OutputReader, PlacedChunk } from "../../ports/log-stream.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** The output store of the server: the latest chunks of each execution. */
export interface OutputStore {
  readonly chunks: ReadonlyMap<string, readonly PlacedChunk[]>;
  readonly onWritten: Set<(executionId: string, chunk: PlacedChunk) => void>;
  /** Without a place, the chunk follows the last one of its stream. */
  write(executionId: string, chunk: LogChunk & Partial<PlacedChunk>): void;
}

// Enough for any test, few enough that old chunks are dropped.
const chunksMax = 1_000;

export function createOutputStore(): OutputStore {
  const chunks = new Map<string, PlacedChunk[]>();
  const onWritten = new Set<(executionId: string, chunk: PlacedChunk) => void>();
  return {
    chunks,
    onWritten,
    write(executionId, given) {
      const saved = chunks.get(executionId) ?? [];
      chunks.set(executionId, saved);
      const last = saved.findLast(({ stream }) => stream === given.stream);
      const at = last === undefined ? 0 : last.at + last.bytes.length;
      const chunk = { generation: 1, at, ...given };
      saved.push(chunk);
      if (saved.length > chunksMax) saved.shift();
      for (const emit of onWritten) emit(executionId, chunk);
    },
  };
}

/** The node's side. */
export function memoryLogSender(proc: SimulatedProcess, store: OutputStore): LogSender {
  return {
    send(executionId, { bytes, ...place }) {
      const chunk: PlacedChunk = { ...place, bytes: bytes.slice() };
      proc.send("output", () => store.write(executionId, chunk));
    },
  };
}

/** The requester's side. */
export function memoryLogReader(proc: SimulatedProcess, store: OutputStore): LogReader {
  return {
    async read(executionId, { tail }, reader) {
      const pushChannel = proc.pushChannel();
      const deliver = inRoom(reader);
      const emit = (of: string, chunk: PlacedChunk): void => {
        if (of === executionId) pushChannel.push(() => deliver.push(() => reader.chunk(chunk)));
      };
      await proc.exchange("output", () => {
        for (const chunk of tail ? [] : (store.chunks.get(executionId) ?? [])) emit(executionId, chunk);
        pushChannel.push(() => deliver.push(() => reader.caughtUp()));
        store.onWritten.add(emit);
        pushChannel.onClosed(() => {
          store.onWritten.delete(emit);
          deliver.close();
        });
      });
      return { close: async () => pushChannel.close() };
    },
  };
}

/** Calls back in order, with the reader's back-pressure. */
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
