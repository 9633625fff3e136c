import { type RunningGuest, type WasiSandboxOptions, wasiSandbox } from "@shoal/wasi-sandbox";
import type { Executor, Work } from "../executor.ts";
import { WasmParams } from "./params.ts";

/** Runs WebAssembly modules with WASI preview 1, each in a separate sandbox process. Guests have no network. */
export function wasm(options: WasiSandboxOptions): Executor {
  const sandbox = wasiSandbox(options);
  const running = new Map<string, RunningGuest>();
  return {
    name: "wasm",
    params: WasmParams,
    unavailable: () => sandbox.unavailable(),
    start: async (work) => {
      const guest = await sandbox.start({ ...work, program: programOf(work) });
      running.set(work.id, guest);
      void guest.exit.then(() => running.delete(work.id));
      return guest;
    },
    // A guest ends with the process that started it, so there is nothing to attach to.
    attach: async () => undefined,
    sweep: async (keep) => {
      const left = [...running].filter(([id]) => !keep.has(id));
      await Promise.all(left.map(([, guest]) => guest.halt()));
    },
    close: () => sandbox.close(),
  };
}

function programOf({ params }: Work) {
  const { EntryModule, ImportModules, Entrypoint, Parameters } = WasmParams.parse(params);
  return { module: EntryModule, imports: ImportModules, entrypoint: Entrypoint, args: Parameters };
}
