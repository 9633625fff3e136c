// Preloaded into a measured process of the cluster: at its end it writes how long the event loop was blocked.
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

// The smallest resolution of the monitor, milliseconds; it is part of every measured delay.
const resolution = 1;
// The interval between two samples of the CPU time: short compared with the delays, and 200 calls a second are cheap.
const lookMs = 5;

const folder = process.env["SHOAL_BENCH_PROBE"];
if (folder !== undefined && process.argv.includes("--requester")) {
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  const busy = longestBusy();
  // Measured from here: a process loads its modules before, and no request waits for that.
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
 * The most CPU time that the main thread used between two samples. On a shared machine an event loop is also late because
 * its process waits for a CPU; this counts only the work of the program.
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
