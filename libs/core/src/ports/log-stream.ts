/** The streams of an execution's output. */
export type LogStream = "stdout" | "stderr";

/** A piece of an execution's output. */
export interface LogChunk {
  readonly stream: LogStream;
  readonly bytes: Uint8Array;
}

/** A piece of output and its place: a reader finds what is missing before it, whatever dropped it, and what it has already. */
export interface PlacedChunk extends LogChunk {
  /**
   * The start of the task that wrote it. It is the same after a restart of the node when the task has survived, whose output is then
   * sent from the beginning; a later start has a higher one.
   */
  readonly generation: number;
  /** How many bytes of this stream that start wrote before it, dropped ones included. */
  readonly at: number;
}

/** The node's side: bounded, drops output when full, never waits. */
export interface LogSender {
  send(executionId: string, chunk: PlacedChunk): void;
}

/** The requester's side: the stored output of an execution, and new output. */
export interface LogReader {
  /** From the first stored chunk (or from now with `tail`), then live, until closed. `caughtUp` is called once, after the stored chunks. */
  read(
    executionId: string,
    options: { readonly tail: boolean },
    reader: OutputReader,
  ): Promise<{ close(): Promise<void> }>;
}

/** Receives output. */
export interface OutputReader {
  chunk(chunk: PlacedChunk): void;
  caughtUp(): void;
  /**
   * Called before the next read: a promise pauses reading until it resolves; a few chunks that were
   * requested before still arrive. It must not reject.
   */
  room?(): Promise<void> | undefined;
}
