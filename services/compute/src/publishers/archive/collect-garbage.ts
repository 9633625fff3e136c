import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// A quarter of what V8 lets buffers outside its heap grow by before it collects them (64 MiB).
const everyBytes = 16 * 1024 * 1024;

let collect: (() => void) | undefined;

/**
 * Counts bytes that pass through buffers, and has V8 free those buffers in time. Streaming allocates little on the heap
 * and much outside it, so V8 alone would wait for 64 MiB of them for each stream of results. A minor collection takes
 * about a millisecond.
 */
export function garbageCollector(): (bytes: number) => void {
  let passedBytes = 0;
  return (bytes) => {
    passedBytes += bytes;
    if (passedBytes < everyBytes) return;
    passedBytes = 0;
    collect ??= minorCollection();
    collect();
  };
}

function minorCollection(): () => void {
  setFlagsFromString("--expose-gc");
  const gc: (options: { readonly type: "minor" }) => void = runInNewContext("gc");
  return () => gc({ type: "minor" });
}
