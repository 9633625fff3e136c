import type { CommandRow } from "../../../apps/cli/src/command.ts";
import { commands, nouns } from "../../../apps/cli/src/commands/index.ts";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

const rowsOfNouns = nouns.flatMap(({ name, commands: rows }) =>
  rows.map((row) => ({ ...row, name: `${name} ${row.name}` })),
);
const sections = await Promise.all([...rowsOfNouns, ...commands].map(section));

/** Every command of the command line. */
export const commandsPage: ReferencePage = {
  file: "commands.md",
  title: "Command line",
  summary: "every command of `shoal`, its options and examples",
  from: "apps/cli/src/commands/",
  body: () => sections.join("\n\n"),
};

async function section({ name, args, summary, load }: CommandRow): Promise<string> {
  const { options = [], examples = [] } = await load();
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
