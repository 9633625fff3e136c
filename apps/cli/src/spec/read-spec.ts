import { open } from "node:fs/promises";
import { stdin } from "node:process";
import type { Readable } from "node:stream";
import { CliError } from "../failure.ts";
import { parseSpec } from "./parse-spec.ts";
import { renderTemplate } from "./template.ts";
import type { TemplateVars } from "./template-expression.ts";

/** The most bytes of a spec file: what the API accepts as a body. */
const specBytesMax = 10_000_000;

/**
 * Reads a job spec from a file, or from standard input for `-`: a template, unless `vars` is undefined. Throws CliError
 * with the reason.
 */
export async function readSpec(
  path: string,
  vars: TemplateVars | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const name = path === "-" ? "standard input" : path;
  const text = path === "-" ? await readAll(stdin, name) : await readFile(path);
  return parseSpec(vars === undefined ? text : renderTemplate(text, { name, vars }), name);
}

// System error codes in plain text.
const meanings: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "is a folder",
};

async function readFile(path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    return await readAll(file.createReadStream(), path);
  } catch (failure) {
    if (failure instanceof CliError) throw failure;
    const code = failure instanceof Error && "code" in failure ? String(failure.code) : "";
    throw new CliError(
      "BAD_REQUEST",
      `cannot read the job spec ${path}: ${meanings[code] ?? String(failure)}`,
      "name a YAML or JSON file, or - for standard input",
    );
  }
}

async function readAll(stream: Readable, name: string): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    const buffer = Buffer.from(piece);
    bytes += buffer.length;
    if (bytes > specBytesMax) throw new CliError("TOO_LARGE", `${name} has more than ${specBytesMax} bytes`);
    pieces.push(buffer);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    throw new CliError("INVALID_SPEC", `${name} is not UTF-8 text`, "save it as UTF-8");
  }
}
