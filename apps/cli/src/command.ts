import type { Context } from "./context.ts";
import { CliError } from "./failure.ts";

/** A command in a list: what the help prints, and its file, which is loaded only for a call that names the command. */
export interface CommandRow {
  readonly name: string;
  /** The positional arguments, as in `<job>` or `[path]`. */
  readonly args?: string;
  readonly summary: string;
  readonly load: () => Promise<CommandPart>;
}

/** A command: one file, and one row in a list. */
export interface CommandPart {
  readonly options?: readonly OptionRow[];
  readonly examples?: readonly string[];
  /** Runs the command. Resolves with the exit code; undefined is 0. */
  run(call: Invocation): Promise<number | undefined>;
}

/** A noun that groups commands, such as `job`. */
export interface NounPart {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandRow[];
}

/** An option: its flags, its summary, how its value is parsed, and its default. */
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

/** The values of the options, by long name in camelCase. */
export interface Options {
  flag(name: string): boolean;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  list(name: string): readonly string[];
}

/** Parses a whole number within limits. */
export const wholeNumber = (name: string, least: number, most: number) => (text: string) => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new CliError("BAD_REQUEST", `${name}: expected a whole number from ${least} to ${most}, got "${text}"`, "");
};

const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Parses a duration as in 90s, 10m, 2h or 1d, up to a limit; the value is in seconds. */
export const duration = (name: string, mostSeconds: number) => (text: string) => {
  const [, count = "", unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = count === "" ? Number.NaN : Number(count) * (secondsIn[unit] ?? Number.NaN);
  if (seconds <= mostSeconds) return seconds;
  const most = `at most ${mostSeconds / 86_400} days`;
  throw new CliError(
    "BAD_REQUEST",
    `${name}: expected a duration as in 90s, 10m, 2h or 1d, ${most}, got "${text}"`,
    "",
  );
};

/** Collects the values of an option that may be repeated. */
export const repeatable = (text: string, before: unknown): readonly string[] => [
  ...(Array.isArray(before) ? before.map(String) : []),
  text,
];
