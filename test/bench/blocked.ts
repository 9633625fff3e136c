import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The longest time for which an event loop was blocked, milliseconds. */
export interface Blocked {
  readonly blockedMs: number;
  /** The most CPU time that the program used meanwhile; for the rest it waited for a CPU. */
  readonly busyMs: number;
}

/** Measures how long the event loops of requesters are blocked, in processes that this one starts from now on. */
export interface BlockedProbe {
  /** Measures from now on; the process has started. */
  begin(pid: number): void;
  /** The longest times, once the process has ended. Throws when it has written no figures. */
  longest(pid: number): Promise<Blocked>;
  close(): Promise<void>;
}

export async function openBlockedProbe(): Promise<BlockedProbe> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-bench-probe-"));
  // The processes of a cluster inherit the arguments and the environment of this one.
  const url = new URL("./probe.ts", import.meta.url).href;
  process.env["SHOAL_BENCH_PROBE"] = folder;
  process.execArgv.push("--import", url);
  return {
    begin: (pid) => void process.kill(pid, "SIGUSR2"),
    longest: async (pid) => JSON.parse(await readFile(join(folder, `${pid}.json`), "utf8")),
    async close() {
      process.execArgv.splice(process.execArgv.indexOf(url) - 1, 2);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
