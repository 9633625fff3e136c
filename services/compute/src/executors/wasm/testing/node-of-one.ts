// A node's process with one guest, for tests that kill it. Prints a line when the guest has said something.
import { systemClock } from "@shoal/node";
import { wasm } from "../wasm.ts";

const [, , module = ""] = process.argv;
const executor = wasm({ clock: systemClock(), limits: { poolSize: 1 } });
await executor.unavailable();
const running = await executor.start({
  id: "e-orphan",
  jobId: "j-orphan",
  namespace: "default",
  nodeId: "n-1",
  params: executor.params.parse({ EntryModule: "/main.wasm" }),
  env: {},
  inputs: [{ hostPath: module, target: "/main.wasm", readOnly: true }],
  outputs: [],
  resources: { cpuCores: 1, memoryBytes: 0, diskBytes: 0 },
  network: "none",
  folder: "",
  output: () => process.stdout.write("it runs\n"),
});
await running.exit;
