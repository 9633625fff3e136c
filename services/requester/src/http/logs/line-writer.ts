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

/** Where the output that was read ends. */
type OutputEnd = Pick<PlacedChunk, "generation" | "at">;

/**
 * Delivers the lines of one execution, each once. Where output is missing, because the node exceeded its rate, a message was lost, or
 * the stream dropped old output before it was read, a line of stderr has the number of bytes.
 */
export function lineWriterOf(executionId: string, { line, isWhole }: LineWriterOptions): LineWriter {
  const limit = { lineChars: apiLimits.logLineBytes };
  const splitters = { stdout: lineSplitter(limit), stderr: lineSplitter(limit) };
  const ends: Record<LogStream, OutputEnd | undefined> = { stdout: undefined, stderr: undefined };
  const flush = (stream: LogStream): void => {
    const left = splitters[stream].rest();
    if (left !== "") line({ executionId, stream, line: left });
  };
  return {
    chunk: ({ stream, generation, at, bytes }) => {
      const last = ends[stream];
      const isFirst = last === undefined && !isWhole;
      const expected = last?.generation === generation ? last.at : isFirst ? at : 0;
      const missing = at - expected;
      if (missing > 0) {
        flush(stream);
        if (stream === "stdout") flush("stderr");
        line({ executionId, stream: "stderr", line: markOf(stream, missing) });
      }
      // A restarted node sends the output of a task that has survived from its beginning.
      const added = missing < 0 ? bytes.subarray(-missing) : bytes;
      ends[stream] = { generation, at: Math.max(expected, at + bytes.length) };
      for (const each of splitters[stream].push(added)) line({ executionId, stream, line: each });
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
