import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { checkoutPath } from "./checkout.ts";
import { DemoFailure } from "./demo-failure.ts";

/** The line that `shoal devstack --json` prints. */
const ReadyLine = z.object({
  api: z.array(z.string()),
  nats: z.string(),
  dataDir: z.string(),
  pids: z.record(z.string(), z.number()),
});

/** A running cluster on this machine, which `shoal devstack` started. */
export interface DemoCluster {
  readonly facts: z.infer<typeof ReadyLine>;
  /** Kills a process of the cluster with SIGKILL; it stays dead. */
  kill(name: string): void;
  /** Starts a compute node that was killed, as an operator does: with `shoal serve --compute`. */
  join(name: string): Promise<void>;
  /** Runs a command of `shoal` against the cluster; resolves with its output. Throws DemoFailure when it fails. */
  shoal(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface DemoClusterOptions {
  readonly dataDir: string;
  /** The file that tasks may read. */
  readonly textFile: string;
  /** Called with each line about a process that died. */
  readonly onNews: (line: string) => void;
  /** Cancels a start in progress. */
  readonly signal: AbortSignal;
}

/** Starts a cluster; resolves once jobs can run on it. Throws DemoFailure when it does not start or the signal fires. */
export async function startCluster({ onNews, signal, ...place }: DemoClusterOptions): Promise<DemoCluster> {
  const child = spawn(process.execPath, shoalArgs([...devstackArgs(place), "--no-restart", "--json"]), {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A separate process group: Ctrl-C in the terminal reaches only the demo, which stops its jobs first. The cluster
    // ends when the channel to the demo closes.
    detached: true,
  });
  const joined: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const each of [...joined, child]) {
      const ended = exitOf(each);
      each.kill("SIGTERM");
      await ended;
    }
  };
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
  // The type does not know that these are pipes.
  if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
  if (child.stderr !== null) createInterface({ input: child.stderr }).on("line", onNews);
  child.once("exit", (code, killed) =>
    reject(new DemoFailure(`shoal devstack ended: ${killed ?? `exit code ${code}`}`)),
  );
  const cancel = () => reject(new DemoFailure("the start was interrupted"));
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const facts = ReadyLine.parse(JSON.parse(await ready));
    return {
      facts,
      kill: (name) => void process.kill(facts.pids[name] ?? 0, "SIGKILL"),
      join: async (name) => void joined.push(await serveNode(name, facts)),
      shoal: (...args) => runShoal(args, { SHOAL_API_HOST: facts.api.join(",") }),
      stop,
    };
  } catch (failure) {
    await stop();
    throw failure;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** Runs the cluster on the same data in this terminal, until it is interrupted. */
export async function keepUp({ signal, ...place }: Omit<DemoClusterOptions, "onNews">): Promise<void> {
  const child = spawn(process.execPath, shoalArgs(devstackArgs(place)), {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  const ended = exitOf(child);
  signal.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  await ended;
}

const shoalArgs = (args: readonly string[]): readonly string[] => [
  ...process.execArgv,
  checkoutPath("apps/cli/src/main.ts"),
  ...args,
];

const devstackArgs = ({ dataDir, textFile }: Pick<DemoClusterOptions, "dataDir" | "textFile">): readonly string[] => [
  ...["devstack", "--port", "0", "--nats-port", "0", "--data-dir", dataDir],
  ...["--node-config", `allowListedLocalPaths=${textFile}:ro`],
];

const Passwords = z.record(z.string(), z.string());

async function serveNode(name: string, { dataDir, nats }: DemoCluster["facts"]): Promise<ChildProcess> {
  const passwords = Passwords.parse(JSON.parse(await readFile(join(dataDir, "passwords.json"), "utf8")));
  const settings = { dataDir: join(dataDir, name), nodeId: name, "nats.url": nats, "nats.user": name };
  const given = Object.entries(settings).flatMap(([path, value]) => ["-c", `${path}=${value}`]);
  return spawn(process.execPath, shoalArgs(["serve", "--compute", ...given]), {
    env: { ...process.env, SHOAL_NATS_PASSWORD: passwords[name] },
    stdio: "ignore",
    detached: true,
  });
}

async function runShoal(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, shoalArgs(args), {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, problems] = await Promise.all([text(child.stdout), text(child.stderr), exitOf(child)]);
  if (child.exitCode === 0) return out;
  throw new DemoFailure(`shoal ${args[0]} ended with exit code ${child.exitCode}: ${problems || out}`);
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
