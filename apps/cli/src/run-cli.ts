import { CommanderError } from "commander";
import { commands, nouns } from "./commands/index.ts";
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
  try {
    const program = await createProgram({ nouns, commands }, { ...options, argv, ended: (ending) => (code = ending) });
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (failure) {
    // The version and help are no failures.
    if (failure instanceof CommanderError && failure.exitCode === 0) return 0;
    const { exitOf, sayFailure } = await import("./failure.ts");
    // The parser has printed what is wrong with the arguments.
    if (failure instanceof CommanderError) return exitOf("BAD_REQUEST");
    sayFailure(terminal, failure);
    return exitOf(failure);
  }
}
