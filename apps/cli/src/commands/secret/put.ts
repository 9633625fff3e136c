import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { readAnswer } from "@shoal/client";
import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { CliError } from "../../failure.ts";
import { printJson } from "../../output/print-json.ts";

// Never an argument of the command: other users of the machine can read those, and the shell stores them.
export const put: CommandPart = {
  options: [
    { flags: "--from-file <path>", summary: "read the value from a file instead of stdin" },
    { flags: "--keep-newline", summary: "keep a line break at the end of the value" },
  ],
  examples: ['printf %s "$TOKEN" | shoal secret put token', "shoal secret put tls-key --from-file key.pem"],
  async run({ context, args: [name = ""], options }) {
    const { namespace, output, terminal } = context;
    const given = await valueFrom(options.text("fromFile"));
    const value = options.flag("keepNewline") ? given : given.replace(/\r?\n$/, "");
    const json = await (await context.client()).call(apiRoutes.putSecret, { name, namespace }, { Value: value });
    if (output === "json") printJson(terminal, json);
    else terminal.out(`Secret ${name} stored as version ${readAnswer(apiRoutes.putSecret, json).version}\n`);
    return 0;
  },
};

async function valueFrom(path: string | undefined): Promise<string> {
  if (path === undefined) return await text(process.stdin);
  try {
    return await readFile(path, "utf8");
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    throw new CliError("BAD_REQUEST", `--from-file: cannot read ${path}: ${why}`, "name a readable file");
  }
}
