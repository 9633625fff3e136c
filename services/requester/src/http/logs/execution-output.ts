import { type Clock, type LogReader, type OutputReader, type PlacedChunk, resultWithin } from "@shoal/core";
import { apiLimits } from "../limits.ts";

/** The output of one execution while it is streamed. */
export interface ExecutionOutput {
  /** Resolves once all stored output is delivered; nothing is delivered after that. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export interface OutputRequest {
  readonly executionId: string;
  /** Only output from now on. */
  readonly tail: boolean;
  readonly chunk: (chunk: PlacedChunk) => void;
  /** A promise while the reader's buffer is full. */
  readonly room: NonNullable<OutputReader["room"]>;
}

/** Reads an execution's output from its beginning and follows it. */
export async function followOutput(
  { logs, clock }: { readonly logs: LogReader; readonly clock: Clock },
  { executionId, tail, chunk, room }: OutputRequest,
): Promise<ExecutionOutput> {
  let received = 0;
  let telling = !tail;
  let arrived = () => {};
  // A reader of the tail also starts at the beginning: only then can `finish` verify by count that nothing is missing.
  const live = await logs.read(
    executionId,
    { tail: false },
    {
      chunk(piece) {
        received += 1;
        if (telling) chunk(piece);
        arrived();
      },
      caughtUp() {
        telling = true;
      },
      room,
    },
  );
  return {
    async finish() {
      const stored = await countOutput(logs, executionId);
      const all = new Promise<void>((resolve) => {
        arrived = () => {
          if (received >= stored) resolve();
        };
        arrived();
      });
      // A slow reader is waited for: only silence that the reader does not cause ends the wait.
      for (let before = -1; received < stored && (received > before || room() !== undefined); ) {
        before = received;
        await resultWithin(all, { clock, limitMs: apiLimits.logDrainMs });
      }
      telling = false;
      await live.close();
    },
    close: () => live.close(),
  };
}

/** Reads the stored output of an execution, once. */
export async function readOutput(
  logs: LogReader,
  executionId: string,
  reader: Pick<OutputReader, "chunk" | "room">,
): Promise<void> {
  const caughtUp = Promise.withResolvers<void>();
  const reading = await logs.read(executionId, { tail: false }, { ...reader, caughtUp: () => caughtUp.resolve() });
  await caughtUp.promise;
  await reading.close();
}

async function countOutput(logs: LogReader, executionId: string): Promise<number> {
  let stored = 0;
  const chunk = (): void => {
    stored += 1;
  };
  await readOutput(logs, executionId, { chunk });
  return stored;
}
