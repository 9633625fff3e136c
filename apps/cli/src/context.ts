import type { Client } from "@shoal/client";
import { apiEndpoints } from "./endpoints.ts";
import { CliError } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** What every command receives. */
export interface Context {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: OutputForm;
  readonly namespace: string | undefined;
  /** The requesters named by the global options and the environment. */
  endpoints(): readonly string[];
  /** A client of these requesters; loads the client library, which the processes of a cluster do without. */
  client(): Promise<Client>;
  /** Aborted by Ctrl-C and SIGTERM. These signals end the process until the first call. */
  interrupted(): AbortSignal;
}

/** How a command prints its result. */
export type OutputForm = "table" | "json";

const forms: readonly string[] = ["table", "json"] satisfies OutputForm[];
const isForm = (text: string): text is OutputForm => forms.includes(text);

/** The options that every command has, by their long names. */
interface GlobalOptions {
  text(name: "output" | "namespace" | "apiHost" | "apiPort"): string | undefined;
}

export interface ContextOptions {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The context of one call, from its global options and the environment. */
export function contextOf(options: GlobalOptions, { terminal, env }: ContextOptions): Context {
  const output = options.text("output") ?? "table";
  if (!isForm(output)) {
    throw new CliError("BAD_REQUEST", `--output: expected one of ${forms.join(", ")}, got "${output}"`, "");
  }
  let signal: AbortSignal | undefined;
  const endpoints = () => apiEndpoints({ host: options.text("apiHost"), port: options.text("apiPort") }, env);
  return {
    terminal,
    env,
    output,
    namespace: options.text("namespace"),
    endpoints,
    client: async () => (await import("@shoal/client")).createClient({ endpoints: endpoints() }),
    interrupted() {
      signal ??= onInterrupt();
      return signal;
    },
  };
}

function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => controller.abort());
  }
  return controller.signal;
}
