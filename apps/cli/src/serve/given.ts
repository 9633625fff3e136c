import { readFile } from "node:fs/promises";
import type { Invocation } from "../command.ts";
import { CliError } from "../failure.ts";

/** Settings by source, in rising precedence, as the config reader of the services takes them. */
export interface SettingSources {
  readonly file?: unknown;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, unknown>>;
}

/** The settings given to `serve`. Throws CliError when a flag or the file cannot be read. */
export async function givenOf({ context, options }: Invocation): Promise<SettingSources> {
  const path = options.text("config");
  const nats = options.text("nats");
  const flags = { ...(nats === undefined ? {} : { "nats.url": nats }), ...settingsOf(options.list("c")) };
  return { env: context.env, flags, ...(path === undefined ? {} : { file: await readSettings(path) }) };
}

/** `path=value` pairs by path; the last one of a path wins. */
export function settingsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf("=");
      if (equals > 0) return [pair.slice(0, equals).trim(), pair.slice(equals + 1)];
      throw new CliError("CONFIG_INVALID", `-c: expected path=value, got "${pair}"`, "such as -c http.port=1234");
    }),
  );
}

async function readSettings(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((failure: Error) => {
    throw new CliError("CONFIG_INVALID", `cannot read ${path}: ${failure.message}`, "name a YAML or JSON file");
  });
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text);
  const [first] = document.errors;
  if (first !== undefined) throw new CliError("CONFIG_INVALID", `${path}: ${first.message}`);
  return document.toJS();
}
