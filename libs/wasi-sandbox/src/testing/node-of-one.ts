// A process with one guest, for tests that kill it. Prints a line when the guest has written something.
import { systemClock } from "@shoal/node";
import { wasiSandbox } from "../wasi-sandbox.ts";

const [, , module = ""] = process.argv;
const sandbox = wasiSandbox({ clock: systemClock(), limits: { poolSize: 1 } });
await sandbox.unavailable();
const running = await sandbox.start({
  program: { module: "/main.wasm", imports: [], entrypoint: "_start", args: [] },
  env: {},
  inputs: [{ hostPath: module, target: "/main.wasm", readOnly: true }],
  outputs: [],
  resources: { cpuCores: 1, memoryBytes: 0, diskBytes: 0 },
  output: () => process.stdout.write("it runs\n"),
});
await running.exit;
