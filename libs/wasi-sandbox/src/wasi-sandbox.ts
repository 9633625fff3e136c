import { existsSync } from "node:fs";
import { type Clock, causeOf, Fault, type Logger, silentLogger, within } from "@shoal/core";
import type { Cgroups } from "./cgroup.ts";
import { type GuestFilesystem, guestFilesystem } from "./files/guest-filesystem.ts";
import { guestTree } from "./files/tree.ts";
import type { Guest, RunningGuest } from "./guest.ts";
import { type IsolationOption, isolationsFor } from "./isolation.ts";
import { type SandboxLimits, sandboxLimits } from "./limits.ts";
import { limitMemories } from "./module-memory.ts";
import { readModules } from "./modules.ts";
import { namespacePool } from "./namespace-pool.ts";
import { type Pool, type PoolOptions, pool } from "./pool.ts";
import { watchMemory } from "./process-memory.ts";
import { type GuestRun, run } from "./run.ts";
import type { RunRequest } from "./sandbox/protocol.ts";
import type { SandboxProcess } from "./sandbox-process.ts";

/** Options of a sandbox. */
export interface WasiSandboxOptions {
  readonly clock: Clock;
  /** Differences from `sandboxLimits`. */
  readonly limits?: Partial<SandboxLimits>;
  readonly logger?: Logger;
  /** `task`: each guest has its own process. `namespace`: the guests of a namespace share processes. */
  readonly isolation?: GuestIsolation;
  /** The isolation of the processes by the operating system, or `auto` for the best that works. */
  readonly sandbox?: IsolationOption;
  /** Creates a cgroup for each guest; its memory is watched in addition. */
  readonly cgroups?: Cgroups | undefined;
}

/** What guests share: nothing, or the processes of their namespace. */
export const guestIsolations = ["task", "namespace"] as const;
export type GuestIsolation = (typeof guestIsolations)[number];

const pools: Readonly<Record<GuestIsolation, (options: PoolOptions) => Pool>> = {
  task: pool,
  namespace: namespacePool,
};

/** Runs guests, each in a process that is used once, or shared by a namespace. */
export interface WasiSandbox {
  /**
   * The reason why this machine cannot run guests now; undefined when it can. Never throws. With the isolation `auto`, the
   * first call only checks the host; later ones prove that a process starts, once.
   */
  unavailable(): Promise<string | undefined>;
  /** Starts a guest. Throws a Fault: TASK_INVALID, INPUT_UNAVAILABLE, OUT_OF_MEMORY, ENGINE_FAILED. */
  start(guest: Guest): Promise<RunningGuest>;
  /** Kills all guests and idle processes. */
  close(): Promise<void>;
}

// The first version with a stable permission model and support for TypeScript.
const nodeMajorMin = 24;

/**
 * Runs WebAssembly modules that use WASI preview 1, each in a process that can open nothing (see sandbox/main.ts).
 * Guests have no network. Without cgroups, the system's scheduler alone decides a guest's share of the CPU.
 */
export function wasiSandbox(options: WasiSandboxOptions): WasiSandbox {
  const { clock, logger = silentLogger, isolation = "task", sandbox = "auto", cgroups } = options;
  const limits = { ...sandboxLimits, ...options.limits };
  const sandboxes = pools[isolation]({ clock, limits, logger, cgroups, isolations: isolationsFor(sandbox) });
  const runs = new Set<GuestRun>();
  // A proof took a fifth of the processor time of a node's start. `auto` accepts the machine as it is, so the proof waits for the first
  // guest or the second check; an isolation that the operator requires is proven first.
  let isFirstCheck = sandbox === "auto";
  const check = async () => {
    const isDeferred = isFirstCheck;
    isFirstCheck = false;
    return isDeferred ? undefined : unproven(sandboxes);
  };
  return {
    unavailable: async () => missing() ?? (await check()),
    start: async (guest) => {
      const running = await begin({ clock, limits, sandboxes }, guest);
      runs.add(running);
      void running.exit.then(() => {
        runs.delete(running);
        sandboxes.fill();
      });
      return running;
    },
    close: async () => {
      await Promise.all([...runs].map((running) => running.halt()));
      await sandboxes.close();
    },
  };
}

function missing(): string | undefined {
  const version = process.versions.node;
  if (Number.parseInt(version, 10) < nodeMajorMin) {
    return `it needs Node ${nodeMajorMin} or newer for its permission model, this is ${version}: upgrade Node`;
  }
  if (!existsSync("/bin/sh"))
    return "it needs a POSIX shell at /bin/sh, which ends a guest when the node dies: install one";
  return undefined;
}

async function unproven(sandboxes: Pool): Promise<string | undefined> {
  try {
    await sandboxes.proven();
    return undefined;
  } catch (failure) {
    return causeOf(failure).why;
  }
}

interface Means {
  readonly clock: Clock;
  readonly limits: SandboxLimits;
  readonly sandboxes: Pool;
}

async function begin({ clock, limits, sandboxes }: Means, guest: Guest): Promise<GuestRun> {
  const diskBytes = guest.resources.diskBytes || limits.defaultDiskBytes;
  let running: GuestRun | undefined;
  const exceeded = (why: string) => running?.fail("OUTPUT_TOO_LARGE", why);
  const files = guestFilesystem(await guestTree(guest.inputs, guest.outputs), { ...limits, diskBytes }, exceeded);
  try {
    const { job, modules } = await prepare(guest, files, limits);
    const sandbox = await sandboxes.take(guest.namespace ?? "");
    const memoryBytes = job.memoryBytes + limits.overheadBytes + moduleShare * modules.byteLength;
    const use = { memoryBytes, cpuCores: guest.resources.cpuCores };
    sandbox.share?.(use);
    sandbox.group?.limit(use);
    running = run(sandbox, { job, modules, files, output: guest.output, http: guest.http });
    watch({ clock, limits }, sandbox, { running, memoryBytes });
    const why = `the modules were not compiled within ${limits.compileMs} ms`;
    await within(running.started, { clock, limitMs: limits.compileMs, late: () => new Fault("ENGINE_FAILED", why) });
    return running;
  } catch (failure) {
    await running?.halt();
    await files.close();
    throw failure;
  }
}

// See overheadBytes in limits.ts.
const moduleShare = 4;

/** The limits of heap and memories exclude compilers and code, so the memory of the whole process is watched. */
function watch(
  { clock, limits }: Omit<Means, "sandboxes">,
  { pid }: SandboxProcess,
  { running, memoryBytes }: { readonly running: GuestRun; readonly memoryBytes: number },
): void {
  if (pid === undefined) return;
  const exceeded = (bytes: number) =>
    running.fail(
      "OUT_OF_MEMORY",
      `its process used ${bytes} bytes, code and tables of the engine included; it may use ${memoryBytes}`,
    );
  const stop = watchMemory(clock, { pid, bytesMax: () => memoryBytes, everyMs: limits.watchMs, exceeded });
  void running.exit.then(stop);
}

async function prepare(guest: Guest, files: GuestFilesystem, limits: SandboxLimits) {
  const { module, imports, entrypoint, args } = guest.program;
  const memoryBytes = guest.resources.memoryBytes || limits.defaultMemoryBytes;
  const named = await readModules(files, [...imports, module], limits.modulesBytesMax);
  const { modules, memories } = limitMemories(named, memoryBytes);
  const job: RunRequest = {
    modules: modules.map(({ path, bytes }) => ({ path, sizeBytes: bytes.byteLength })),
    memories,
    memoryBytes,
    entrypoint,
    args: [module, ...args],
    env: Object.entries(guest.env).map(([name, value]) => `${name}=${value}`),
    hasHttp: guest.http !== undefined,
    preopens: await files.preopen(),
  };
  return { job, modules: Buffer.concat(modules.map(({ bytes }) => bytes)) };
}
