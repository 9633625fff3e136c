// Loaded before a process of the cluster that is measured: writes how long its event loop was blocked when the process ends.
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const folder = process.env["SHOAL_BENCH_PROBE"];
if (folder !== undefined && process.argv.includes("--requester")) {
  // The least that the monitor takes, milliseconds; it is part of every delay that it measures.
  const resolution = 1;
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  // From here on: a process that starts loads its modules, which nothing waits for.
  process.on("SIGUSR2", () => delays.reset());
  process.on("exit", () => writeFileSync(`${folder}/${process.pid}.json`, `${delays.max / 1e6 - resolution}`));
}
