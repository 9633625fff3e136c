import type { Context } from "./context.ts";
import { CliError } from "./failure.ts";

/** A command of the command line: one file, one line in a list. */
export interface CommandPart {
  readonly name: string;
  /** As in `<job>` or `[path]`. */
  readonly args?: string;
  readonly summary: string;
  readonly options?: readonly OptionRow[];
  readonly examples?: readonly string[];
  /** Does it; the number is the exit code when it is not 0. */
  run(call: Invocation): Promise<number | undefined>;
}

/** A noun that commands belong to, such as `job`. */
export interface NounPart {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandPart[];
}

/** Flags as people type them, what they do, and how the value is read or what it is without the flag. */
export interface OptionRow {
  readonly flags: string;
  readonly summary: string;
  readonly read?: (text: string, before: unknown) => unknown;
  readonly fallback?: string | number | boolean | readonly string[];
}

/** One call of a command. */
export interface Invocation {
  readonly context: Context;
  readonly args: readonly string[];
  readonly options: Options;
}

/** What was given for each option, by its long name in camelCase. */
export interface Options {
  flag(name: string): boolean;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  list(name: string): readonly string[];
}

/** Reads the options that the parser has gathered. */
export function optionsOf(given: Readonly<Record<string, unknown>>): Options {
  return {
    flag: (name) => given[name] === true,
    text: (name) => (typeof given[name] === "string" ? given[name] : undefined),
    number: (name) => (typeof given[name] === "number" ? given[name] : undefined),
    list: (name) => (Array.isArray(given[name]) ? given[name].map(String) : []),
  };
}

/** Reads a whole number within limits. */
export const wholeNumber = (name: string, least: number, most: number) => (text: string) => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new CliError("BAD_REQUEST", `${name}: wanted a whole number from ${least} to ${most}, found "${text}"`, "");
};

/** Gathers an option that may be given several times. */
export const gather = (text: string, before: unknown): readonly string[] => [
  ...(Array.isArray(before) ? before.map(String) : []),
  text,
];
