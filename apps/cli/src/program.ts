import { shoalVersion } from "@shoal/proto";
import { Command, Option } from "commander";
import { type CommandPart, type NounPart, type OptionRow, optionsOf } from "./command.ts";
import { type ContextOptions, contextOf } from "./context.ts";

/** The commands of the program. */
export interface Offer {
  readonly nouns: readonly NounPart[];
  readonly commands: readonly CommandPart[];
}

export interface ProgramOptions extends ContextOptions {
  /** Called with the exit code of the command that ran. */
  readonly ended: (code: number) => void;
}

const globals: readonly OptionRow[] = [
  {
    flags: "--api-host <host>",
    summary: "requester: host, host:port or URL; a comma-separated list fails over (SHOAL_API_HOST, BACALHAU_API_HOST)",
  },
  { flags: "--api-port <port>", summary: "port of a host without one (SHOAL_API_PORT, BACALHAU_API_PORT)" },
  { flags: "--output <form>", summary: "table, or json: the objects of the API, unchanged", fallback: "table" },
  { flags: "--namespace <name>", summary: "the namespace; lists accept '*' for all" },
];

/** Builds the parser of the command line from the lists of commands. */
export function createProgram({ nouns, commands }: Offer, options: ProgramOptions): Command {
  const { terminal } = options;
  const program = new Command("shoal")
    .description("Deploy a cluster, run jobs on it, follow their events, replay their history.")
    .version(`Shoal v${shoalVersion}`, "-V, --version", "show the version of this program; version asks the requester")
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError("(run with --help for usage)");
  for (const row of globals) program.addOption(optionOf(row));
  for (const { name, summary, commands: parts } of nouns) {
    const noun = program.command(name).description(summary);
    for (const part of parts) addCommand(noun, part, options);
  }
  for (const part of commands) addCommand(program, part, options);
  return program;
}

function addCommand(parent: Command, part: CommandPart, options: ProgramOptions): void {
  const command = parent.command(part.args === undefined ? part.name : `${part.name} ${part.args}`);
  command.description(part.summary);
  for (const row of part.options ?? []) command.addOption(optionOf(row));
  if (part.examples !== undefined)
    command.addHelpText("after", `\nExamples:\n${part.examples.map((line) => `  ${line}\n`).join("")}`);
  command.action(async () => {
    const given = optionsOf(command.optsWithGlobals());
    const code = await part.run({ context: contextOf(given, options), args: command.args, options: given });
    options.ended(code ?? 0);
  });
}

function optionOf({ flags, summary, read, fallback }: OptionRow): Option {
  const option = new Option(flags, summary);
  if (read !== undefined) option.argParser(read);
  if (fallback !== undefined) option.default(fallback);
  return option;
}
