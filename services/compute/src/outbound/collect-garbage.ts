import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// What a stream adds to the node's memory is about twice as much: once as read, once as packed. Packing as many bytes
// takes more than 100 ms, so that the collections take less than a hundredth of the time.
const everyBytes = 4 * 1024 * 1024;

let collect: (() => void) | undefined;
let passedBytes = 0;

/**
 * Counts bytes that pass through buffers, and has V8 free those buffers in time. Streaming allocates little on the heap
 * and much outside it, so V8 alone would wait for 64 MiB of them for each stream of results. A minor collection takes
 * about a millisecond. Only buffers that are released soon are freed so: what outlives two collections waits for a major
 * one. Therefore all streams share one count: with one for each end of an archive, two collections followed each other
 * closely, and what the archive held at that moment stayed, 15 MiB for 256 MiB of results.
 */
export function collectGarbage(bytes: number): void {
  passedBytes += bytes;
  if (passedBytes < everyBytes) return;
  passedBytes = 0;
  collect ??= minorCollection();
  collect();
}

function minorCollection(): () => void {
  setFlagsFromString("--expose-gc");
  const gc: (options: { readonly type: "minor" }) => void = runInNewContext("gc");
  return () => gc({ type: "minor" });
}
