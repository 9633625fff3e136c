import type { LogChunk, LogStream } from "@shoal/core";
import type { OutputFile } from "../workspace/workspace.ts";

/** How much of each stream a report contains; Bacalhau's limit. */
export const headBytes = 2_048;

/** The output, as far as the report contains it. */
export interface OutputHead {
  readonly text: string;
  /** The output was longer than `text`. */
  readonly truncated: boolean;
}

/** Takes a workload's output: the head for the report, everything for the log, and up to a limit for files. */
export interface Capture {
  readonly output: (stream: LogStream, chunk: Uint8Array) => void;
  /** The output so far. */
  head(stream: LogStream): OutputHead;
  /** Fires when the output exceeds the limit of an execution; further output is dropped. */
  readonly flooded: AbortSignal;
  /** Closes the files and the log. Idempotent. */
  close(): void;
}

export interface CaptureOptions {
  readonly log: { write(chunk: LogChunk): void; close(): void };
  /** Opens the file of a stream; undefined when no publisher needs files. */
  readonly begin: ((stream: LogStream) => OutputFile) | undefined;
  /** Limit of a stream's file in bytes; the rest is cut off without an error, as in Bacalhau. */
  readonly fileBytesMax: number;
  /** Limit of the total output in bytes. */
  readonly outputBytesMax: number;
}

interface Taken {
  readonly heads: Uint8Array[];
  readonly file: OutputFile | undefined;
  bytes: number;
}

export function capture({ log, begin, fileBytesMax, outputBytesMax }: CaptureOptions): Capture {
  const taken: Readonly<Record<LogStream, Taken>> = {
    stdout: { heads: [], file: begin?.("stdout"), bytes: 0 },
    stderr: { heads: [], file: begin?.("stderr"), bytes: 0 },
  };
  const overflow = new AbortController();
  return {
    flooded: overflow.signal,
    output: (stream, bytes) => {
      // An empty chunk counts nothing: a task that writes empty chunks forever would fill the memory and never be
      // ended.
      if (overflow.signal.aborted || bytes.length === 0) return;
      const to = taken[stream];
      // Copied, because the caller may reuse the memory of the chunk.
      if (to.bytes < headBytes) to.heads.push(bytes.slice(0, headBytes - to.bytes));
      if (to.bytes < fileBytesMax) to.file?.write(bytes.subarray(0, fileBytesMax - to.bytes));
      to.bytes += bytes.length;
      log.write({ stream, bytes });
      if (taken.stdout.bytes + taken.stderr.bytes > outputBytesMax) overflow.abort();
    },
    head: (stream) => ({ text: textOf(taken[stream].heads), truncated: taken[stream].bytes > headBytes }),
    close: () => {
      for (const to of Object.values(taken)) to.file?.close();
      log.close();
    },
  };
}

/** As UTF-8; a character at the cut is omitted. */
function textOf(heads: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return heads.map((head) => decoder.decode(head, { stream: true })).join("");
}
