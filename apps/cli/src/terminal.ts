import type { WriteStream } from "node:tty";

/** Where a command writes and what may be written there. */
export interface Terminal {
  /** What was asked for; goes into pipes and files. */
  out(text: string): void;
  /** What is said about it: progress, warnings, failures. */
  err(text: string): void;
  readonly colours: boolean;
  /** What is said about it is read by a person, not by a program that collects lines. */
  readonly isPerson: boolean;
}

/** The terminal of this process. Colours only where a person looks, and never against NO_COLOR (no-color.org). */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", leaveOnClosedPipe);
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    colours: wantsColours(process.stdout),
    isPerson: process.stderr.isTTY === true,
  };
}

function wantsColours(stream: Partial<WriteStream>): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force } = process.env;
  if (no !== undefined && no !== "") return false;
  return stream.isTTY === true || (force !== undefined && force !== "" && force !== "0");
}

/** Whoever read our output has seen enough, as in `shoal job list | head`. */
function leaveOnClosedPipe(failure: NodeJS.ErrnoException): void {
  if (failure.code !== "EPIPE") throw failure;
  process.exit(0);
}
