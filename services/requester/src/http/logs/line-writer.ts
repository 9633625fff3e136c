import type { LogChunk, LogStream, PlacedChunk } from "@shoal/core";
import { lineSplitter } from "@shoal/node";
import { apiLimits } from "../limits.ts";

/** One line of output, or a piece of a long one. */
export interface OutputLine {
  readonly executionId: string;
  readonly stream: LogChunk["stream"];
  readonly line: string;
}

/** Cuts the chunks of one execution into lines. */
export interface LineWriter {
  readonly chunk: (chunk: PlacedChunk) => void;
  /** Delivers the rest without a newline at the end. */
  readonly rest: () => void;
}

export interface LineWriterOptions {
  readonly line: (line: OutputLine) => void;
  /** The first chunk is expected at the beginning of the output. */
  readonly isWhole: boolean;
}

/**
 * Delivers the lines of one execution. Where output is missing, because the node exceeded its rate, a message was lost, or
 * the stream dropped old output before it was read, a line of stderr has the number of bytes.
 */
export function lineWriterOf(executionId: string, { line, isWhole }: LineWriterOptions): LineWriter {
  const limit = { lineChars: apiLimits.logLineBytes };
  const splitters = { stdout: lineSplitter(limit), stderr: lineSplitter(limit) };
  const next: Record<LogStream, number | undefined> = isWhole
    ? { stdout: 0, stderr: 0 }
    : { stdout: undefined, stderr: undefined };
  const flush = (stream: LogStream): void => {
    const left = splitters[stream].rest();
    if (left !== "") line({ executionId, stream, line: left });
  };
  return {
    chunk: ({ stream, at, bytes }) => {
      const missing = at - (next[stream] ?? at);
      // Negative when a restarted node counts from 0.
      if (missing > 0) {
        flush(stream);
        if (stream === "stdout") flush("stderr");
        line({ executionId, stream: "stderr", line: markOf(stream, missing) });
      }
      next[stream] = at + bytes.length;
      for (const each of splitters[stream].push(bytes)) line({ executionId, stream, line: each });
    },
    rest: () => {
      flush("stdout");
      flush("stderr");
    },
  };
}

// In stderr: a program that reads stdout gets no text that the task did not write.
const markOf = (stream: LogStream, missing: number): string =>
  `[shoal: ${missing} bytes of ${stream} are missing here]\n`;
