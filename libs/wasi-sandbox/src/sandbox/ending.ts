import type { Ending } from "./protocol.ts";
import { wasmEngine } from "./webassembly.ts";

// 126, 134 and 137: what a shell shows for a program that cannot be run, that aborted, that was killed for its memory.
const [unlinkableCode, trappedCode, outOfMemoryCode] = [126, 134, 137];

// A guest that fails with less than a sixteenth of its memory left is taken to have failed for want of memory: allocators
// ask for more in steps, so the step that was refused is small against the whole.
const spareShare = 16;

// Ways a program ends itself when it is out of memory: an abort, or the use of an address that it was not given.
const memoryTraps = ["unreachable", "memory access out of bounds"];

/** The ending of a guest whose modules do not fit together or lack what was asked for. */
export function unlinkable(why: string): Ending {
  return { exitCode: unlinkableCode, failure: { code: "TASK_INVALID", why } };
}

/** The ending of a guest that threw or trapped, told by what was thrown and by the memory it had taken. */
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
