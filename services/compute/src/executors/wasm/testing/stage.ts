import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { afterAll, beforeAll } from "vitest";
import type { Executor, Exit, Input, Running, Work } from "../../executor.ts";
import type { WasmLimits } from "../limits.ts";
import { wasm } from "../wasm.ts";

/** What a test says about a guest beside its module. */
export interface Asking {
  readonly inputs?: readonly Input[];
  readonly params?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
  readonly output?: Work["output"];
}
/** What became of a guest. */
export interface Told {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
  /** Where its one output, mounted at /made, lies on the host. */
  readonly made: string;
}

export interface Stage {
  readonly executor: () => Executor;
  /** A folder of its own on the host. */
  readonly folder: (name: string) => Promise<string>;
  readonly start: (module: Uint8Array, asking?: Asking) => Promise<Running & { readonly told: () => Promise<Told> }>;
  readonly run: (module: Uint8Array, asking?: Asking) => Promise<Told>;
}

/** One executor and one folder for all tests of a file. */
export function onStage(limits: Partial<WasmLimits> = {}): Stage {
  let root = "";
  let executor: Executor | undefined;
  let serial = 0;
  const clock = systemClock({ unref: true });
  const made = () => {
    executor ??= wasm({ clock, limits: { poolSize: 1, ...limits } });
    return executor;
  };
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-wasm-"));
  });
  afterAll(async () => {
    await executor?.close();
    await rm(root, { recursive: true, force: true });
  });
  const folder = async (name: string) => {
    serial += 1;
    const path = join(root, `${serial}-${name}`);
    await mkdir(path);
    return path;
  };
  const start: Stage["start"] = async (module, asking = {}) => {
    const [app, results] = [await folder("app"), await folder("made")];
    await writeFile(join(app, "main.wasm"), module);
    const said = { stdout: "", stderr: "" };
    const work: Work = {
      ...workOf(made(), asking),
      id: `e-wasm-${serial}`,
      folder: root,
      inputs: [{ hostPath: app, target: "/app", readOnly: true }, ...(asking.inputs ?? [])],
      outputs: [{ name: "made", path: "/made", hostPath: results }],
      output: (stream, chunk) => {
        said[stream] += Buffer.from(chunk).toString("utf8");
        asking.output?.(stream, chunk);
      },
    };
    const running = await made().start(work);
    return { ...running, told: async () => ({ exit: await running.exit, ...said, made: results }) };
  };
  return { executor: made, folder, start, run: async (module, asking) => (await start(module, asking)).told() };
}

function workOf(executor: Executor, asking: Asking): Omit<Work, "id" | "folder" | "inputs" | "outputs" | "output"> {
  return {
    jobId: "j-wasm",
    namespace: "default",
    nodeId: "n-1",
    params: executor.params.parse({ EntryModule: "/app/main.wasm", ...asking.params }),
    env: asking.env ?? {},
    // 16 MiB and 1 MiB: small, so that limits are reached at once.
    resources: { cpuCores: 1, memoryBytes: asking.memoryBytes ?? 2 ** 24, diskBytes: asking.diskBytes ?? 2 ** 20 },
    network: "none",
  };
}

/** All files below a folder with their texts, by path. */
export async function textsIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files.map(async (path) => [path.slice(folder.length + 1), await readFile(path, "utf8")]),
  );
  return Object.fromEntries(texts);
}
