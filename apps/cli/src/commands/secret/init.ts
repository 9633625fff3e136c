import { readFile, rename, writeFile } from "node:fs/promises";
import { newKeyPem } from "@shoal/node";
import type { CommandPart } from "../../command.ts";
import { CliError } from "../../failure.ts";

export const init: CommandPart = {
  options: [
    { flags: "--rotate", summary: "add a new first key to an existing file: it seals, and the others still open" },
  ],
  async run({ context, args: [path = ""], options }) {
    const before = await readFile(path, "utf8").catch(() => undefined);
    const rotates = options.flag("rotate");
    if (before !== undefined && !rotates)
      throw new CliError("BAD_REQUEST", `${path} exists`, "name a new file, or add a key to it with --rotate");
    if (before === undefined && rotates)
      throw new CliError("BAD_REQUEST", `--rotate: expected an existing key file, got ${path}`, "");
    try {
      // Complete or absent, whenever the process ends; for its owner alone.
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, `${newKeyPem()}${before ?? ""}`, { mode: 0o600, flag: "wx" });
      await rename(draft, path);
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      throw new CliError("BAD_REQUEST", `cannot write ${path}: ${why}`, "name a file in a writable folder");
    }
    context.terminal.out(
      `${path} has a new key. Copy the file to every requester, name it in secrets.keyFile, and restart them.\n`,
    );
    return 0;
  },
};
