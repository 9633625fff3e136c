import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../failure.ts";
import { openDataDir } from "./data-dir.ts";
import { requesterUser } from "./plans.ts";

const fileName = "devstack.json";

/** The addresses and processes of a devstack; the line that `--json` prints. */
export interface DevstackFacts {
  readonly ready: true;
  readonly api: readonly string[];
  readonly nats: string;
  readonly dataDir: string;
  readonly pids: Readonly<Record<string, number>>;
}

/** Settings `nats.…` of a requester, for the commands that open the log directly: variables, and flags by path. */
export interface LogAccess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, unknown>>;
}

/** Stores the facts of a devstack, for commands that receive its data directory. */
export function rememberCluster(facts: DevstackFacts): void {
  writeFileSync(join(facts.dataDir, fileName), `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
}

/** The access to the log of the devstack in a data directory. Throws CliError when none has run there. */
export function knownCluster(dataDir: string): LogAccess {
  const natsUrl = readUrl(join(dataDir, fileName));
  if (natsUrl === undefined) {
    throw new CliError(
      "LOG_UNREACHABLE",
      `no devstack has run in ${dataDir}`,
      "name its folder with --data-dir, or a NATS server with --nats",
    );
  }
  const password = openDataDir(dataDir).passwordOf(requesterUser);
  return { env: {}, flags: { "nats.url": natsUrl, "nats.user": requesterUser, "nats.password": password } };
}

function readUrl(file: string): string | undefined {
  try {
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof json === "object" && json !== null && "nats" in json ? String(json.nats) : undefined;
  } catch {
    return undefined;
  }
}
