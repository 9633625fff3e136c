import { createInterface } from "node:readline/promises";
import type { WriteStream } from "node:tty";
import { terminalText } from "./output/safe-text.ts";

/** Where a command writes. */
export interface Terminal {
  /** Writes results to stdout. */
  out(text: string): void;
  /** Writes progress, warnings and failures to stderr. */
  err(text: string): void;
  readonly colours: boolean;
  /** Whether stderr is a terminal and not a log collector. */
  readonly isPerson: boolean;
  /** Asks a yes-or-no question; undefined when the process is not interactive. */
  readonly ask?: ((question: string, signal: AbortSignal) => Promise<boolean>) | undefined;
}

/**
 * The terminal of this process. Colours only on a terminal, and never against NO_COLOR (no-color.org). Control sequences are removed from
 * what a terminal gets; a pipe or a file gets every byte.
 */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", leaveOnClosedPipe);
  return {
    out: (text) => write(process.stdout, text),
    err: (text) => write(process.stderr, text),
    colours: wantsColours(process.stdout),
    isPerson: process.stderr.isTTY === true,
    ask: process.stdin.isTTY && process.stderr.isTTY ? askPerson : undefined,
  };
}

/** Writes to a stream, without control sequences if it is a terminal. */
export function write(stream: Pick<WriteStream, "write"> & { readonly isTTY?: boolean }, text: string): void {
  stream.write(stream.isTTY === true ? terminalText(text) : text);
}

async function askPerson(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^\s*y(es)?\s*$/i.test(await lines.question(`${terminalText(question)} [y/N] `, { signal }));
  } finally {
    lines.close();
  }
}

function wantsColours(stream: Partial<WriteStream>): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force } = process.env;
  if (no !== undefined && no !== "") return false;
  return stream.isTTY === true || (force !== undefined && force !== "" && force !== "0");
}

/** The reader of the output has closed the pipe, as in `shoal job list | head`. */
function leaveOnClosedPipe(failure: NodeJS.ErrnoException): void {
  if (failure.code !== "EPIPE") throw failure;
  process.exit(0);
}
