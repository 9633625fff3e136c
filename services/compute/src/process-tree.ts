import { readdirSync, readFileSync } from "node:fs";

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** When a process started, in ticks since the start of the machine, with the id of that start; undefined when it has ended. */
export function startOf(pid: number): string | undefined {
  // The name of the program, in parentheses, may contain anything.
  const fields = readIfThere(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
  const [state, startedAt] = [fields[0], fields[19]];
  if (startedAt === undefined || state === "Z" || state === "X") return undefined;
  return `${startedAt} ${readIfThere("/proc/sys/kernel/random/boot_id").trim()}`;
}

/** The children of a process. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readIfThere(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** A process with everything below it. */
export function treeOf(pid: number): readonly number[] {
  const found = [pid];
  for (const each of found) found.push(...childrenOf(each));
  return found;
}

// The size of a page on x86-64; on machines with larger pages memory is counted too low.
const pageBytes = 4_096;

/** The memory of a process and everything below it, bytes; pages that several processes share count several times. */
export function memoryOf(pid: number): number {
  const pages = treeOf(pid).map((each) => Number(readIfThere(`/proc/${each}/statm`).split(" ")[1] ?? 0));
  return pages.reduce((sum, each) => sum + each, 0) * pageBytes;
}
