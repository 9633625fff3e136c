import type { LogChunk, LogStream } from "@shoal/core";
import type { OutputFile } from "../workspace/workspace.ts";

/** How much of each stream travels in the report itself; the field's own limit. */
export const headBytes = 2_048;

/** What was said, as far as it is kept in the report. */
export interface Said {
  readonly text: string;
  /** More was said than `text` holds. */
  readonly truncated: boolean;
}

/** Takes a work's output: the head for the report, everything to the log, and up to a limit to files. */
export interface Capture {
  readonly output: (stream: LogStream, chunk: Uint8Array) => void;
  /** What was said so far. */
  said(stream: LogStream): Said;
  /** Fires when more was said than an execution may say; what comes behind is not taken. */
  readonly flooded: AbortSignal;
  /** Closes the files and the log. Again is harmless. */
  close(): void;
}

export interface CaptureOptions {
  readonly log: { write(chunk: LogChunk): void; close(): void };
  /** Begins the file of a stream; undefined when nobody wants files. */
  readonly begin: ((stream: LogStream) => OutputFile) | undefined;
  /** The most bytes of a stream's file; what comes behind is cut off silently, as the field does. */
  readonly fileBytesMax: number;
  /** The most bytes that may be said in all. */
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
      // Nothing counts nothing: a task that writes it for ever would be kept in memory and never be ended.
      if (overflow.signal.aborted || bytes.length === 0) return;
      const to = taken[stream];
      // Copied: whoever hands a chunk over may use its memory again.
      if (to.bytes < headBytes) to.heads.push(bytes.slice(0, headBytes - to.bytes));
      if (to.bytes < fileBytesMax) to.file?.write(bytes.subarray(0, fileBytesMax - to.bytes));
      to.bytes += bytes.length;
      log.write({ stream, bytes });
      if (taken.stdout.bytes + taken.stderr.bytes > outputBytesMax) overflow.abort();
    },
    said: (stream) => ({ text: textOf(taken[stream].heads), truncated: taken[stream].bytes > headBytes }),
    close: () => {
      for (const to of Object.values(taken)) to.file?.close();
      log.close();
    },
  };
}

/** As UTF-8; a character that the cut goes through is left out. */
function textOf(heads: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return heads.map((head) => decoder.decode(head, { stream: true })).join("");
}
