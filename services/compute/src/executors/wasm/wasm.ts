import { engineParams } from "@shoal/proto";
import { type RunningGuest, type WasiSandboxOptions, wasiSandbox } from "@shoal/wasi-sandbox";
import type { Reach } from "../../outbound/reach.ts";
import type { Executor, Workload } from "../executor.ts";
import { httpCall } from "./http-call.ts";

export interface WasmOptions extends WasiSandboxOptions {
  /** The addresses of this machine that HTTP requests of guests may go to, when a task names them; none by default. */
  readonly reach?: Reach;
}

const nothing: Reach = { loopback: false, linkLocal: false };

/**
 * Runs WebAssembly modules with WASI preview 1, each in a separate sandbox process. Guests have no network; with network `http` the node
 * makes HTTP requests for them.
 */
export function wasm(options: WasmOptions): Executor {
  const sandbox = wasiSandbox(options);
  const running = new Map<string, RunningGuest>();
  return {
    name: "wasm",
    params: engineParams.wasm,
    networking: ["http"],
    unavailable: () => sandbox.unavailable(),
    start: async (workload) => {
      const { network, domains = [], jobId } = workload;
      const http = network === "http" ? { http: httpCall({ jobId, domains, reach: options.reach ?? nothing }) } : {};
      const guest = await sandbox.start({ ...workload, program: programOf(workload), ...http });
      running.set(workload.id, guest);
      void guest.exit.then(() => running.delete(workload.id));
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

function programOf({ params }: Workload) {
  const { EntryModule, ImportModules, Entrypoint, Parameters } = engineParams.wasm.parse(params);
  return { module: EntryModule, imports: ImportModules, entrypoint: Entrypoint, args: Parameters };
}
