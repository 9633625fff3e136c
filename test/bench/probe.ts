// Loaded before a process of the cluster that is measured: writes how long its event loop was blocked when the process ends.
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

// The least that the monitor takes, milliseconds; it is part of every delay that it measures.
const resolution = 1;
// Between two looks at the processor time: short against what is looked for, and 200 calls a second cost nothing.
const lookMs = 5;

const folder = process.env["SHOAL_BENCH_PROBE"];
if (folder !== undefined && process.argv.includes("--requester")) {
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  const busy = longestBusy();
  // From here on: a process that starts loads its modules, which nothing waits for.
  process.on("SIGUSR2", () => {
    delays.reset();
    busy.reset();
  });
  process.on("exit", () => {
    const figures = { blockedMs: delays.max / 1e6 - resolution, busyMs: busy.ms() };
    writeFileSync(`${folder}/${process.pid}.json`, JSON.stringify(figures));
  });
}

/**
 * The most processor time that the main thread took between two looks. On a machine that others use, an event loop is also late because
 * its process has to wait; this is what the program itself does.
 */
function longestBusy() {
  let most = 0;
  let last = cpuMs();
  setInterval(() => {
    const now = cpuMs();
    most = Math.max(most, now - last);
    last = now;
  }, lookMs).unref();
  return {
    reset() {
      most = 0;
      last = cpuMs();
    },
    ms: () => most,
  };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
