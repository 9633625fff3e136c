/** The streams of an execution's output. */
export type LogStream = "stdout" | "stderr";

/** A piece of an execution's output. */
export interface LogChunk {
  readonly stream: LogStream;
  readonly bytes: Uint8Array;
}

/** The node's side: bounded, sheds first, never waits. */
export interface LogSender {
  send(executionId: string, chunk: LogChunk): void;
}

/** The requester's side: what is kept of an execution's output, and what still comes. */
export interface LogReader {
  /** From the first kept chunk (or from now with `tail`), then live, until closed. `caughtUp` is called once what was there has been told. */
  read(
    executionId: string,
    options: { readonly tail: boolean },
    reader: OutputReader,
  ): Promise<{ close(): Promise<void> }>;
}

/** Where output is delivered. */
export interface OutputReader {
  chunk(chunk: LogChunk): void;
  caughtUp(): void;
  /**
   * Asked before more is read: a promise while the reader has enough, and nothing is asked for until it resolves; a few chunks that were
   * asked for before still come. It must not reject.
   */
  room?(): Promise<void> | undefined;
}
