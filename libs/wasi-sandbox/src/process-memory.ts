import { readFileSync } from "node:fs";
import type { Clock } from "@shoal/core";

// Memory that is a process's alone, in memory or swapped out; code of programs and libraries is shared and not counted.
const own = /^(?:RssAnon|VmSwap):\s+(\d+) kB$/gm;
const kibibyte = 1024;

/** Bytes of memory that a process and all its descendants have to themselves; 0 for what is gone, or where there is no /proc. */
function memoryOf(pid: number): number {
  const sizes = [...read(`/proc/${pid}/status`).matchAll(own)].map(([, size]) => Number(size) * kibibyte);
  const children = read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean);
  return [...sizes, ...children.map((child) => memoryOf(Number(child)))].reduce((sum, size) => sum + size, 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

export interface MemoryWatch {
  readonly pid: number;
  readonly bytesMax: number;
  readonly everyMs: number;
  /** Hears once how many bytes it was. */
  readonly exceeded: (bytes: number) => void;
}

/** Looks at a process's memory every so often until it is too much; answers how to stop looking. */
export function watchMemory(clock: Clock, { pid, bytesMax, everyMs, exceeded }: MemoryWatch): () => void {
  let cancel = () => {};
  const look = () => {
    const bytes = memoryOf(pid);
    if (bytes > bytesMax) exceeded(bytes);
    else cancel = clock.at(clock.now() + everyMs, look);
  };
  look();
  return () => cancel();
}
