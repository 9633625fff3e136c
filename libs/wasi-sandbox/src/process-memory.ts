import { readFileSync } from "node:fs";
import type { Clock } from "@shoal/core";

// Private memory of a process, resident or swapped out; code of programs and libraries is shared and not counted.
const own = /^(?:RssAnon|VmSwap):\s+(\d+) kB$/gm;
const kibibyte = 1024;

/** Private memory of a process and its descendants in bytes; 0 for a process that has exited, or without /proc. */
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
  /** The limit at the moment of a check. */
  readonly bytesMax: () => number;
  readonly everyMs: number;
  /** Called once with the number of bytes. */
  readonly exceeded: (bytes: number) => void;
}

/** Checks a process's memory at an interval until it exceeds the limit; the returned function stops the checks. */
export function watchMemory(clock: Clock, { pid, bytesMax, everyMs, exceeded }: MemoryWatch): () => void {
  let cancel = () => {};
  const check = () => {
    const bytes = memoryOf(pid);
    if (bytes > bytesMax()) exceeded(bytes);
    else cancel = clock.at(clock.now() + everyMs, check);
  };
  check();
  return () => cancel();
}
