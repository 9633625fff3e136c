import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";

// A server that is stopping syncs its files, which takes a slow disk seconds.
const end = { gracefulMs: 5_000, pauseMs: 50 } as const;

/** Ends the NATS server that an earlier, killed devstack has left behind: two servers on the same files would corrupt the log. */
export async function endLeftover(pidFile: string, signal: AbortSignal): Promise<void> {
  const pid = Number(read(pidFile));
  const killAt = performance.now() + end.gracefulMs;
  // By its arguments: after a restart of the machine another process may have its number.
  while (pid > 0 && argumentsOf(pid).includes(dirname(pidFile))) {
    kill(pid, performance.now() < killAt ? "SIGTERM" : "SIGKILL");
    await setTimeout(end.pauseMs, undefined, { signal });
  }
  rmSync(pidFile, { force: true });
}

/** The command line of a process: Linux has it in a file, other systems print it. */
const argumentsOf = (pid: number): string =>
  read(`/proc/${pid}/cmdline`) ?? spawnSync("ps", ["-o", "args=", "-p", `${pid}`], { encoding: "utf8" }).stdout ?? "";

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
