import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));

/** The result of a run of the command line. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly api?: string;
  readonly input?: string;
  readonly cwd?: string;
  /** The installed program; by default the source, run by this Node. */
  readonly program?: string;
  /** The environment; by default that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts `shoal` as a person would, with output in pipes. */
export function spawnShoal(args: readonly string[], options: RunOptions = {}): ChildProcess {
  const { api, cwd, program } = options;
  const env = { ...(options.env ?? process.env), NO_COLOR: "1", ...(api === undefined ? {} : { SHOAL_API_HOST: api }) };
  const [file, ...first] = program === undefined ? [process.execPath, source] : [program];
  return spawn(file, [...first, ...args], { env, stdio: "pipe", ...(cwd === undefined ? {} : { cwd }) });
}

/** Runs `shoal` to its end. */
export async function runShoal(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawnShoal(args, options);
  child.stdin?.end(options.input ?? "");
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout === null ? "" : text(child.stdout),
    child.stderr === null ? "" : text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

/** A devstack that runs as a separate process. */
export interface RunningDevstack {
  readonly api: readonly string[];
  readonly nats: string;
  readonly dataDir: string;
  readonly pids: Readonly<Record<string, number>>;
  readonly process: ChildProcess;
  /** The API of all requesters, as `--api-host` takes it. */
  readonly apiHost: string;
  /** Stops it as Ctrl-C does; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `shoal devstack --json` on free ports and resolves when it is ready. */
export async function startDevstackProcess(
  dataDir: string,
  args: readonly string[] = [],
  options: Pick<RunOptions, "program" | "env"> = {},
): Promise<RunningDevstack> {
  const all = ["devstack", "--json", "--port", "0", "--nats-port", "0", "--data-dir", dataDir, ...args];
  const child = spawnShoal(all, options);
  const words: string[] = [];
  child.stderr?.on("data", (piece: Buffer) => words.push(piece.toString()));
  const line = await firstLine(child);
  if (line === undefined) throw new Error(`the devstack ended with ${await endOf(child)}: ${words.join("")}`);
  const facts: unknown = JSON.parse(line);
  const { api, nats, pids } = factsOf(facts);
  return {
    api,
    nats,
    pids,
    dataDir,
    process: child,
    apiHost: api.join(","),
    async stop() {
      const ending = endOf(child);
      child.kill("SIGINT");
      return await ending;
    },
  };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = await once(child, "exit");
  return code;
}

async function firstLine({ stdout }: ChildProcess): Promise<string | undefined> {
  if (stdout === null) return undefined;
  for await (const line of createInterface({ input: stdout })) return line;
  return undefined;
}

function factsOf(json: unknown): Pick<RunningDevstack, "api" | "nats" | "pids"> {
  const facts: { ready?: unknown; api?: unknown; nats?: unknown; pids?: unknown } = json === null ? {} : Object(json);
  if (facts.ready !== true || !Array.isArray(facts.api) || typeof facts.nats !== "string") {
    throw new Error(`unexpected first line of the devstack: ${JSON.stringify(json)}`);
  }
  const pids = Object.entries(Object(facts.pids)).map(([name, pid]) => [name, Number(pid)]);
  return { api: facts.api.map(String), nats: facts.nats, pids: Object.fromEntries(pids) };
}

/** Whether a process exists. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when a process that is not a child of this one has ended: tail watches it, and ends with it. */
export async function untilGone(pid: number): Promise<void> {
  await once(spawn("tail", [`--pid=${pid}`, "-f", "/dev/null"], { stdio: "ignore" }), "exit");
}
