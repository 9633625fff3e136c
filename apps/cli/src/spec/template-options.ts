import { type OptionRow, type Options, repeatable } from "../command.ts";
import { CliError } from "../failure.ts";
import type { TemplateVars } from "./template-expression.ts";

/** The options of commands that read a job file as a template; the names are Bacalhau's. */
export const templateOptions: readonly OptionRow[] = [
  {
    flags: "-V, --template-vars <name=value>",
    summary: "a variable of the file, which is a template: {{.name}}; may be repeated, or a list with commas",
    read: repeatable,
  },
  {
    flags: "-E, --template-envs <regexp>",
    summary: "environment variables whose names match are variables of the template too",
  },
  { flags: "--no-template", summary: "submit the file as it is: {{ and }} are texts" },
];

// A comma before the next name=, so that a value may have commas.
const between = /,(?=[A-Za-z_][\w-]*=)/;

/** The variables of a call; undefined when the file is not a template. Throws CliError BAD_REQUEST. */
export function templateVarsOf(
  options: Options,
  env: Readonly<Record<string, string | undefined>>,
): TemplateVars | undefined {
  if (!options.flag("template")) return undefined;
  const pattern = options.text("templateEnvs");
  const matches = pattern === undefined ? () => false : matcherOf(pattern);
  const vars = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) if (value !== undefined && matches(name)) vars.set(name, value);
  for (const pair of options.list("templateVars").flatMap((text) => text.split(between))) {
    const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined)
      throw new CliError("BAD_REQUEST", `--template-vars: expected name=value, got "${pair}"`, "");
    vars.set(name, value);
  }
  return vars;
}

function matcherOf(pattern: string): (name: string) => boolean {
  try {
    const regexp = new RegExp(pattern);
    return (name) => regexp.test(name);
  } catch {
    throw new CliError("BAD_REQUEST", `--template-envs: expected a regular expression, got "${pattern}"`, "");
  }
}
