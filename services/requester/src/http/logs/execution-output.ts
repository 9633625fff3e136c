import { type Clock, type LogChunk, type LogReader, type OutputReader, pause } from "@shoal/core";
import { apiLimits } from "../limits.ts";

/** The output of one execution while it is being told. */
export interface ExecutionOutput {
  /** Resolves once everything that is kept now has been told, and nothing more is told then. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export interface OutputWish {
  readonly executionId: string;
  /** Only what comes from now on. */
  readonly tail: boolean;
  readonly chunk: (chunk: LogChunk) => void;
  /** A promise while the reader has enough. */
  readonly room: NonNullable<OutputReader["room"]>;
}

/** Reads an execution's output from its beginning and goes on with what comes. */
export async function followOutput(
  { logs, clock }: { readonly logs: LogReader; readonly clock: Clock },
  { executionId, tail, chunk, room }: OutputWish,
): Promise<ExecutionOutput> {
  let received = 0;
  let telling = !tail;
  let arrived = () => {};
  // Also a reader of the tail alone begins at the beginning: only so can `finish` tell by counting that nothing is missing.
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
      const saved = await countOutput(logs, executionId);
      const all = new Promise<void>((resolve) => {
        arrived = () => {
          if (received >= saved) resolve();
        };
        arrived();
      });
      // A slow reader is waited for: only silence that is none of its doing ends the wait.
      for (let before = -1; received < saved && (received > before || room() !== undefined); ) {
        before = received;
        const given = new AbortController();
        await Promise.race([all, pause(clock, apiLimits.logDrainMs, given.signal)]);
        given.abort();
      }
      telling = false;
      await live.close();
    },
    close: () => live.close(),
  };
}

/** Reads what is kept of an execution's output, once. */
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
  let saved = 0;
  const chunk = (): void => {
    saved += 1;
  };
  await readOutput(logs, executionId, { chunk });
  return saved;
}
