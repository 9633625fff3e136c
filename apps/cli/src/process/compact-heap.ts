import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { readonly type: "major"; readonly flavor: "last-resort" }) => void;

/**
 * Collects all garbage of this process once, and returns the free memory to the system. The space for new objects grows to 32 MiB while
 * a process loads its modules, and V8 keeps it that large; afterwards it is 1 MiB, and grows again under load
 * (docs/notes/performance.md). Takes some 40 ms after the modules of a service; call it before there is more in memory.
 */
export function compactHeap(): void {
  // V8 offers a collection to programs only with this flag, and only to contexts that are created afterwards.
  setFlagsFromString("--expose-gc");
  const collect: Collect = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  // A regular collection leaves the space for new objects as large as it is.
  collect({ type: "major", flavor: "last-resort" });
}
