import type { CommandPart, Invocation } from "../../command.ts";
import { paint } from "../../output/paint.ts";
import { printJson } from "../../output/print-json.ts";
import { oneLine } from "../../output/safe-text.ts";
import { readSpec } from "../../spec/read-spec.ts";
import { templateOptions, templateVarsOf } from "../../spec/template-options.ts";
import type { Terminal } from "../../terminal.ts";
import { watchJob, watchOptions } from "./watch-job.ts";

export const run: CommandPart = {
  options: [
    ...watchOptions,
    { flags: "--force", summary: "update the job of this name even if its spec is the same" },
    { flags: "--dry-run", summary: "show what the job of this name would change, and submit nothing" },
    ...templateOptions,
  ],
  examples: [
    "shoal job run hello.yaml",
    "cat hello.yaml | shoal job run - --id-only",
    "shoal job run greet.yaml -V name=world",
  ],
  async run(call) {
    const { context, args, options } = call;
    const { terminal } = context;
    const client = await context.client();
    const spec = inNamespace(await readSpec(args[0] ?? "-", templateVarsOf(options, context.env)), context.namespace);
    if (options.flag("dryRun")) return await compare(call, spec);
    const { jobId, warnings } = await client.submit(spec, { force: options.flag("force") });
    warn(terminal, warnings);
    return await watchJob(call, jobId, `Job successfully submitted. Job ID: ${jobId}`);
  },
};

/** Prints what an update would change. */
async function compare({ context }: Invocation, spec: unknown): Promise<number> {
  const { terminal } = context;
  const { diff, warnings } = await (await context.client()).diff(spec);
  warn(terminal, warnings);
  if (context.output === "json") printJson(terminal, { Diff: diff });
  else terminal.out(diff === "" ? "No changes\n" : coloured(diff, terminal.colours));
  return 0;
}

const warn = (terminal: Terminal, warnings: readonly string[]): void => {
  for (const warning of warnings) terminal.err(`Warning: ${oneLine(warning)}\n`);
};

/** Added lines green, removed ones red. */
function coloured(diff: string, colours: boolean): string {
  const { green, red } = paint(colours);
  const mark = (line: string) => (line.startsWith("+") ? green(line) : line.startsWith("-") ? red(line) : line);
  return diff
    .split("\n")
    .map((line) => mark(oneLine(line)))
    .join("\n");
}

/** The flag overrides the field of the file, which may be in any case of letters. */
function inNamespace(spec: Readonly<Record<string, unknown>>, namespace: string | undefined) {
  if (namespace === undefined) return spec;
  const others = Object.entries(spec).filter(([key]) => key.toLowerCase() !== "namespace");
  return { ...Object.fromEntries(others), Namespace: namespace };
}
