import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { causeOf, type Logger } from "@shoal/core";

/** Creates a cgroup for each guest. */
export interface Cgroups {
  /** Creates a group for one process and its children. Throws the error of the system. */
  make(): Cgroup;
}
/** A cgroup (version 2) around one guest's process. */
export interface Cgroup {
  /** The command prefix that starts a program inside the group, from its first instruction. */
  readonly prefix: readonly string[];
  /** Sets the guest's limits. The kernel kills the whole group when it takes more memory. */
  limit(task: { readonly memoryBytes: number; readonly cpuCores: number }): void;
  /** Whether the kernel killed it for its memory. */
  wasOutOfMemory(): boolean;
  /** Removes the group after its process has exited. */
  remove(): void;
}

/** Paths of the cgroup file system and the id of this process; a test passes its own tree. */
export interface CgroupPlace {
  readonly root: string;
  /** The file that names the groups of this process. */
  readonly self: string;
  readonly pid: number;
}

const here: CgroupPlace = { root: "/sys/fs/cgroup", self: "/proc/self/cgroup", pid: process.pid };
const controllers = ["cpu", "memory", "pids"];
// A group with subgroups may contain no process, so the node itself moves into this one.
const nodeGroup = "shoal-node";
const guestPrefix = "shoal-guest-";
// Threads count: Node has 11, the shell and the isolation a few more.
const pidsMax = 64;
// The kernel's usual period, in microseconds: what cpu.max is a share of.
const periodUs = 100_000;
// The minimum quota of the kernel, in microseconds.
const quotaUsMin = 1000;

/**
 * Groups below this process's own, which must be delegated to it (systemd: Delegate=yes) and contain no other process. Returns the
 * reason as text when groups cannot be created.
 */
export function ownCgroups(place: CgroupPlace = here): Cgroups | string {
  try {
    const group = /^0::(\/.*)$/m.exec(readFileSync(place.self, "utf8"))?.[1] ?? "/";
    const path = join(place.root, basename(group) === nodeGroup ? dirname(group) : group);
    if (path === join(place.root, "/")) return "this process is in the root group";
    const offered = readFileSync(join(path, "cgroup.controllers"), "utf8").split(/\s+/);
    const missing = controllers.filter((name) => !offered.includes(name));
    if (missing.length > 0) return `${path} lacks the controllers ${missing.join(", ")}`;
    const others = readFileSync(join(path, "cgroup.procs"), "utf8")
      .split("\n")
      .filter((pid) => pid !== "" && Number(pid) !== place.pid);
    if (others.length > 0) return `${path} contains other processes`;
    enter(path, place.pid);
    return cgroupsBelow(path);
  } catch (failure) {
    return causeOf(failure).why;
  }
}

/** As `ownCgroups`; logs the reason and returns undefined when groups cannot be created. */
export function cgroupsIfAny(logger: Logger, place: CgroupPlace = here): Cgroups | undefined {
  const found = ownCgroups(place);
  if (typeof found !== "string") return found;
  logger.info({ why: found }, "wasm guests run without cgroups: their memory is watched, their CPU is not limited");
  return undefined;
}

function enter(path: string, pid: number): void {
  mkdirSync(join(path, nodeGroup), { recursive: true });
  writeFileSync(join(path, nodeGroup, "cgroup.procs"), `${pid}`);
  writeFileSync(join(path, "cgroup.subtree_control"), controllers.map((name) => `+${name}`).join(" "));
}

// Counts the groups of all nodes of this process.
let serial = 0;

/** Groups below a folder with enabled controllers. Groups of an earlier process of this node are removed first. */
function cgroupsBelow(parent: string): Cgroups {
  const mine = `${guestPrefix}${process.pid}-`;
  const left = readdirSync(parent).filter((name) => name.startsWith(guestPrefix) && !name.startsWith(mine));
  for (const name of left) removeEmpty(join(parent, name));
  return {
    make: () => {
      serial += 1;
      const path = join(parent, `${mine}${serial}`);
      mkdirSync(path);
      return cgroupAt(path);
    },
  };
}

function cgroupAt(path: string): Cgroup {
  const write = (file: string, value: string | number) => writeFileSync(join(path, file), `${value}`);
  const outOfMemory = () => /^oom_kill [1-9]/m.test(readIfThere(join(path, "memory.events")));
  let atTheEnd: boolean | undefined;
  write("pids.max", pidsMax);
  write("memory.oom.group", 1);
  return {
    prefix: ["/bin/sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', path],
    limit: ({ memoryBytes, cpuCores }) => {
      write("memory.max", memoryBytes > 0 ? memoryBytes : "max");
      writeIfThere(join(path, "memory.swap.max"));
      if (cpuCores > 0) write("cpu.max", `${Math.max(quotaUsMin, Math.round(cpuCores * periodUs))} ${periodUs}`);
    },
    wasOutOfMemory: () => atTheEnd ?? outOfMemory(),
    remove: () => {
      // Stored, as it may be read after the group is removed.
      atTheEnd = outOfMemory();
      removeEmpty(path);
    },
  };
}

/** No swap; a kernel without swap has no such file. */
function writeIfThere(path: string): void {
  try {
    writeFileSync(path, "0", { flag: "r+" });
  } catch {}
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A group whose process is still exiting stays; the node's next start removes it. */
function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {}
}
