import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { afterAll, beforeAll } from "vitest";
import type { Guest, GuestExit, GuestInput, GuestProgram, RunningGuest } from "../guest.ts";
import type { SandboxLimits } from "../limits.ts";
import { type WasiSandbox, wasiSandbox } from "../wasi-sandbox.ts";

/** Options of a guest besides its module. */
export interface Asking {
  readonly inputs?: readonly GuestInput[];
  readonly program?: Partial<GuestProgram>;
  readonly env?: Readonly<Record<string, string>>;
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
  readonly output?: Guest["output"];
}
/** Result of a guest. */
export interface GuestResult {
  readonly exit: GuestExit;
  readonly stdout: string;
  readonly stderr: string;
  /** The host's path of its only output, which is mounted at /made. */
  readonly made: string;
}

/** One sandbox, the folders of a test, and a way to run guests. */
export interface Stage {
  readonly sandbox: () => WasiSandbox;
  /** Creates a folder on the host. */
  readonly folder: (name: string) => Promise<string>;
  readonly start: (
    module: Uint8Array,
    asking?: Asking,
  ) => Promise<RunningGuest & { readonly collected: () => Promise<GuestResult> }>;
  readonly run: (module: Uint8Array, asking?: Asking) => Promise<GuestResult>;
}

/** One sandbox and one folder for all tests of a file. */
export function onStage(limits: Partial<SandboxLimits> = {}): Stage {
  let root = "";
  let sandbox: WasiSandbox | undefined;
  let serial = 0;
  const clock = systemClock({ unref: true });
  const made = () => {
    sandbox ??= wasiSandbox({ clock, limits: { poolSize: 1, ...limits } });
    return sandbox;
  };
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-wasm-"));
  });
  afterAll(async () => {
    await sandbox?.close();
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
    const texts = { stdout: "", stderr: "" };
    const guest: Guest = {
      program: { module: "/app/main.wasm", imports: [], entrypoint: "_start", args: [], ...asking.program },
      env: asking.env ?? {},
      // 16 MiB and 1 MiB: small, so that limits are reached at once.
      resources: { cpuCores: 1, memoryBytes: asking.memoryBytes ?? 2 ** 24, diskBytes: asking.diskBytes ?? 2 ** 20 },
      inputs: [{ hostPath: app, target: "/app", readOnly: true }, ...(asking.inputs ?? [])],
      outputs: [{ path: "/made", hostPath: results }],
      output: (stream, chunk) => {
        texts[stream] += Buffer.from(chunk).toString("utf8");
        asking.output?.(stream, chunk);
      },
    };
    const running = await made().start(guest);
    return { ...running, collected: async () => ({ exit: await running.exit, ...texts, made: results }) };
  };
  return { sandbox: made, folder, start, run: async (module, asking) => (await start(module, asking)).collected() };
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
