import type { CommandPart } from "../../../apps/cli/src/command.ts";
import { commands, nouns } from "../../../apps/cli/src/commands/index.ts";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

/** Every command of the command line. */
export const commandsPage: ReferencePage = {
  file: "commands.md",
  title: "Command line",
  summary: "every command of `shoal`, its options and examples",
  from: "apps/cli/src/commands/",
  body: () => {
    const ofNouns = nouns.flatMap(({ name, commands: parts }) =>
      parts.map((part) => section(`${name} ${part.name}`, part)),
    );
    return [...ofNouns, ...commands.map((part) => section(part.name, part))].join("\n\n");
  },
};

function section(name: string, { args, summary, options = [], examples = [] }: CommandPart): string {
  const usage = `shoal ${name}${args === undefined ? "" : ` ${args}`}`;
  const rows = options.map((option) => [
    code(option.flags),
    option.summary,
    option.fallback === undefined ? "" : code(JSON.stringify(option.fallback)),
  ]);
  const parts = [`## ${code(usage)}`, `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`];
  if (rows.length > 0) parts.push(table(["option", "does", "default"], rows));
  if (examples.length > 0) parts.push(["```sh", ...examples, "```"].join("\n"));
  return parts.join("\n\n");
}
