import type { Ending } from "./protocol.ts";
import { wasmEngine } from "./webassembly.ts";

// 126, 134 and 137: a shell's exit codes for a program that cannot be run, that aborted, that was killed for its memory.
const [unlinkableCode, trappedCode, outOfMemoryCode] = [126, 134, 137];

// A guest that fails with less than a sixteenth of its memory left is assumed to have run out of memory: allocators grow it in
// steps, so the refused step is small compared with the whole.
const spareShare = 16;

// Traps of a program that is out of memory: an abort, or the use of an address that was not allocated.
const memoryTraps = ["unreachable", "memory access out of bounds"];

/** The ending of a guest whose modules cannot be linked or lack the entry function. */
export function unlinkable(why: string): Ending {
  return { exitCode: unlinkableCode, failure: { code: "TASK_INVALID", why } };
}

/** The ending of a guest that threw or trapped, derived from the exception and from the memory that it had allocated. */
export function trapped(thrown: unknown, memory: { memoryBytes: number; takenBytes: number }): Ending {
  const message = thrown instanceof Error ? thrown.message : "an exception that it did not catch";
  if (thrown instanceof wasmEngine.LinkError) return unlinkable(`the module cannot be linked: ${message}`);
  const { memoryBytes, takenBytes } = memory;
  const full = (memoryBytes - takenBytes) * spareShare < memoryBytes && memoryTraps.includes(message);
  if (full || cannotAllocate(thrown)) {
    const why = `trapped: ${message}, with ${takenBytes} of ${memoryBytes} bytes of memory taken`;
    return { exitCode: outOfMemoryCode, failure: { code: "OUT_OF_MEMORY", why } };
  }
  return { exitCode: trappedCode, failure: { code: "TASK_INVALID", why: `trapped: ${message}` } };
}

const cannotAllocate = (thrown: unknown): boolean => thrown instanceof RangeError && /memory/i.test(thrown.message);
