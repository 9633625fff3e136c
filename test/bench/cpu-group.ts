import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A cgroup that counts the CPU time of processes and all that they start, also of those that exited unseen. */
export interface CpuGroup {
  /** Milliseconds since the group was created. */
  cpuMs(): number;
  /** The number of processes in it. */
  processes(): number;
  /** Removes it, when its processes have exited. */
  remove(): void;
}

/** Where a hierarchy may be mounted, its file, and how many of the file's unit a millisecond has. */
const hierarchies = [
  { root: "/sys/fs/cgroup", file: "cpu.stat", line: /^usage_usec (\d+)/m, perMs: 1_000 },
  { root: "/sys/fs/cgroup/unified", file: "cpu.stat", line: /^usage_usec (\d+)/m, perMs: 1_000 },
  { root: "/sys/fs/cgroup/cpuacct", file: "cpuacct.usage", line: /^(\d+)/, perMs: 1_000_000 },
] as const;

/** Moves these processes into a new group; undefined where this user may create none. */
export function cpuGroup(pids: readonly number[]): CpuGroup | undefined {
  for (const { root, file, line, perMs } of hierarchies) {
    const path = join(root, `shoal-bench-${process.pid}-${pids.join("-")}`);
    try {
      mkdirSync(path);
      const cpuMs = () => Number(line.exec(readFileSync(join(path, file), "utf8"))?.[1]) / perMs;
      for (const pid of pids) writeFileSync(join(path, "cgroup.procs"), `${pid}`);
      if (Number.isNaN(cpuMs())) throw new Error(`${path} counts no CPU time`);
      const processes = () => readFileSync(join(path, "cgroup.procs"), "utf8").split("\n").length - 1;
      return { cpuMs, processes, remove: () => removed(path) };
    } catch {
      removed(path);
    }
  }
  return undefined;
}

/** A group with a process stays: the next start of the machine removes it. */
function removed(path: string): void {
  try {
    rmdirSync(path);
  } catch {}
}
