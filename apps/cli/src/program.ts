import { shoalVersion } from "@shoal/proto/version";
import { Command, Option } from "commander";
import type { CommandPart, CommandRow, NounPart, OptionRow, Options } from "./command.ts";
import type { ContextOptions } from "./context.ts";

/** The commands of the program. */
export interface Offer {
  readonly nouns: readonly NounPart[];
  readonly commands: readonly CommandRow[];
}

export interface ProgramOptions extends ContextOptions {
  /** The arguments of the call. Only commands whose names are among them are loaded: all that it may run or print help for. */
  readonly argv: readonly string[];
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
export async function createProgram({ nouns, commands }: Offer, options: ProgramOptions): Promise<Command> {
  const { terminal } = options;
  const program = new Command("shoal")
    .description("Deploy a cluster, run jobs on it, follow their events, replay their history.")
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError("(run with --help for usage)");
  // Commands have an option of the same name, and the parser would take it for this one.
  if (![...nouns, ...commands].some(({ name }) => options.argv.includes(name)))
    program.version(
      `Shoal v${shoalVersion}`,
      "-V, --version",
      "show the version of this program; version asks the requester",
    );
  for (const row of globals) program.addOption(optionOf(row));
  for (const { name, summary, commands: rows } of nouns) {
    const noun = program.command(name).description(summary);
    const argv = options.argv.includes(name) ? options.argv : [];
    for (const row of rows) await addCommand(noun, row, { ...options, argv });
  }
  for (const row of commands) await addCommand(program, row, options);
  return program;
}

async function addCommand(parent: Command, { name, args, summary, load }: CommandRow, options: ProgramOptions) {
  const command = parent.command(args === undefined ? name : `${name} ${args}`).description(summary);
  if (options.argv.includes(name)) addPart(command, await load(), options);
}

function addPart(command: Command, part: CommandPart, options: ProgramOptions): void {
  for (const row of part.options ?? []) command.addOption(optionOf(row));
  if (part.examples !== undefined)
    command.addHelpText("after", `\nExamples:\n${part.examples.map((line) => `  ${line}\n`).join("")}`);
  command.action(async () => {
    const given = optionsOf(command.optsWithGlobals());
    const { contextOf } = await import("./context.ts");
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

/** Wraps the options that the parser has read. */
export function optionsOf(given: Readonly<Record<string, unknown>>): Options {
  return {
    flag: (name) => given[name] === true,
    text: (name) => (typeof given[name] === "string" ? given[name] : undefined),
    number: (name) => (typeof given[name] === "number" ? given[name] : undefined),
    list: (name) => (Array.isArray(given[name]) ? given[name].map(String) : []),
  };
}
