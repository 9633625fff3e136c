import type { Terminal } from "../terminal.ts";

/** Prints a value as JSON that people can read and programs can parse. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value, null, 2)}\n`);
}
