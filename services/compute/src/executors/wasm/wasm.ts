import { existsSync } from "node:fs";
import { type Clock, causeOf, type Logger, silentLogger } from "@shoal/core";
import type { Executor, Work } from "../executor.ts";
import type { Cell } from "./cell.ts";
import type { Cgroups } from "./cgroup.ts";
import { within } from "./deadline.ts";
import { desk } from "./files/desk.ts";
import { guestTree } from "./files/tree.ts";
import type { Job } from "./host/protocol.ts";
import { type IsolationWish, isolationsFor } from "./isolation.ts";
import { type WasmLimits, wasmLimits } from "./limits.ts";
import { limitMemories } from "./module-memory.ts";
import { readModules } from "./modules.ts";
import { WasmParams } from "./params.ts";
import { type Pool, pool } from "./pool.ts";
import { watchMemory } from "./process-memory.ts";
import { type Run, run } from "./run.ts";

export interface WasmOptions {
  readonly clock: Clock;
  /** Differences from `wasmLimits`. */
  readonly limits?: Partial<WasmLimits>;
  readonly logger?: Logger;
  /** A wall that is required around guests, or the best there is. */
  readonly isolation?: IsolationWish;
  /** Where each guest gets a cgroup of its own; its memory is watched besides. */
  readonly cgroups?: Cgroups | undefined;
}

// The first version whose permission model is stable and that runs TypeScript by itself.
const nodeMajorMin = 24;

/**
 * Runs WebAssembly modules that speak WASI preview 1, each in a process of its own that can open nothing (see
 * host/main.ts). Guests have no network, and a processor is theirs only as far as the system's own scheduler is fair.
 */
export function wasm({
  clock,
  limits: given,
  logger = silentLogger,
  isolation = "auto",
  cgroups,
}: WasmOptions): Executor {
  const limits = { ...wasmLimits, ...given };
  const cells = pool({ clock, limits, logger, cgroups, isolations: isolationsFor(isolation) });
  const runs = new Map<string, Run>();
  return {
    name: "wasm",
    params: WasmParams,
    unavailable: async () => missing() ?? (await unproven(cells)),
    start: async (work) => {
      const running = await begin({ clock, limits, cells }, work);
      runs.set(work.id, running);
      void running.exit.then(() => runs.delete(work.id));
      return running;
    },
    // A guest ends with the process that started it, so there is never anything to find again.
    attach: async () => undefined,
    sweep: async (keep) => {
      const left = [...runs].filter(([id]) => !keep.has(id));
      await Promise.all(left.map(([, running]) => running.halt(0)));
    },
    close: async () => {
      await Promise.all([...runs.values()].map((running) => running.halt(0)));
      await cells.close();
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

async function unproven(cells: Pool): Promise<string | undefined> {
  try {
    await cells.proven();
    return undefined;
  } catch (failure) {
    return causeOf(failure).why;
  }
}

interface Means {
  readonly clock: Clock;
  readonly limits: WasmLimits;
  readonly cells: Pool;
}

async function begin({ clock, limits, cells }: Means, work: Work): Promise<Run> {
  const diskBytes = work.resources.diskBytes || limits.defaultDiskBytes;
  let running: Run | undefined;
  const exceeded = (why: string) => running?.fail("OUTPUT_TOO_LARGE", why);
  const files = desk(await guestTree(work.inputs, work.outputs), { ...limits, diskBytes }, exceeded);
  try {
    const { job, modules } = await prepare(work, files, limits);
    const cell = await cells.take();
    const memoryBytes = job.memoryBytes + limits.overheadBytes + moduleShare * modules.byteLength;
    cell.group?.limit({ memoryBytes, cpuCores: work.resources.cpuCores });
    running = run(cell, { job, modules, desk: files, output: work.output });
    watch({ clock, limits }, cell, { running, memoryBytes });
    // After the job is on its way: starting the next process takes the time of some frames.
    cells.fill();
    const why = `the modules were not compiled within ${limits.compileMs} ms`;
    await within(clock, running.started, { ms: limits.compileMs, why });
    return running;
  } catch (failure) {
    await running?.halt(0);
    await files.close();
    throw failure;
  }
}

// See overheadBytes in limits.ts.
const moduleShare = 4;

/** The limits of heap and memories leave compilers and code out, so the process is looked at as a whole. */
function watch(
  { clock, limits }: Omit<Means, "cells">,
  { pid }: Cell,
  { running, memoryBytes }: { readonly running: Run; readonly memoryBytes: number },
): void {
  if (pid === undefined) return;
  const exceeded = (bytes: number) =>
    running.fail(
      "OUT_OF_MEMORY",
      `its process took ${bytes} bytes, code and tables of the engine included, and may take ${memoryBytes}`,
    );
  const stop = watchMemory(clock, { pid, bytesMax: memoryBytes, everyMs: limits.watchMs, exceeded });
  void running.exit.then(stop);
}

async function prepare(work: Work, files: ReturnType<typeof desk>, limits: WasmLimits) {
  const params = WasmParams.parse(work.params);
  const memoryBytes = work.resources.memoryBytes || limits.defaultMemoryBytes;
  const named = await readModules(files, [...params.ImportModules, params.EntryModule], limits.modulesBytesMax);
  const { modules, memories } = limitMemories(named, memoryBytes);
  const job: Job = {
    modules: modules.map(({ path, bytes }) => ({ path, sizeBytes: bytes.byteLength })),
    memories,
    memoryBytes,
    entrypoint: params.Entrypoint,
    args: [params.EntryModule, ...params.Parameters],
    env: Object.entries(work.env).map(([name, value]) => `${name}=${value}`),
    preopens: await files.preopen(),
  };
  return { job, modules: Buffer.concat(modules.map(({ bytes }) => bytes)) };
}
