import { createInterface } from "node:readline/promises";
import type { WriteStream } from "node:tty";
import { terminalText } from "./output/safe-text.ts";

/** Where a command writes and what may be written there. */
export interface Terminal {
  /** What was asked for; goes into pipes and files. */
  out(text: string): void;
  /** What is said about it: progress, warnings, failures. */
  err(text: string): void;
  readonly colours: boolean;
  /** What is said about it is read by a person, not by a program that collects lines. */
  readonly isPerson: boolean;
  /** Asks a person a question with yes or no; undefined where nobody is there to answer. */
  readonly ask?: ((question: string, signal: AbortSignal) => Promise<boolean>) | undefined;
}

/**
 * The terminal of this process. Colours only where a person looks, and never against NO_COLOR (no-color.org). What reaches a terminal cannot
 * steer it, whoever wrote it; a pipe or a file gets every byte.
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

/** Writes to a stream; what steers a terminal is left out where it is one. */
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

/** Whoever read our output has seen enough, as in `shoal job list | head`. */
function leaveOnClosedPipe(failure: NodeJS.ErrnoException): void {
  if (failure.code !== "EPIPE") throw failure;
  process.exit(0);
}
