import { CommanderError } from "commander";
import { commands, nouns } from "./commands/index.ts";
import { exitOf, sayFailure } from "./failure.ts";
import { createProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/** What a run of the command line needs. */
export interface CliOptions {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs one command line and resolves with the exit code; never throws. */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<number> {
  const { terminal } = options;
  let code = 0;
  const program = createProgram({ nouns, commands }, { ...options, ended: (ending) => (code = ending) });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (failure) {
    // The parser has printed what is wrong with the arguments; help is not a failure.
    if (failure instanceof CommanderError) return failure.exitCode === 0 ? 0 : exitOf("BAD_REQUEST");
    sayFailure(terminal, failure);
    return exitOf(failure);
  }
}
