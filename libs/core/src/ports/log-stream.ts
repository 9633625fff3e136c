/** A piece of an execution's output. */
export interface LogChunk {
  readonly stream: "stdout" | "stderr";
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
    reader: { chunk(chunk: LogChunk): void; caughtUp(): void },
  ): Promise<{ close(): Promise<void> }>;
}
