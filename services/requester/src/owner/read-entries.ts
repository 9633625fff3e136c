import type { ViewEntry, ViewStore } from "@shoal/core";

/** The entries of a bucket whose keys match, as they are now. Ends early, with what it has, when the signal fires. */
export async function readEntries(
  store: ViewStore,
  pattern: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ViewEntry>> {
  const all = new Map<string, ViewEntry>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const watch = await store.watch(pattern, {
    changed: (key, value) => (value === undefined ? all.delete(key) : all.set(key, value)),
    ready: resolve,
  });
  const end = () => resolve();
  signal.addEventListener("abort", end, { once: true });
  try {
    await promise;
    // The first delivery may come from a replica that is behind; what its leader has counts.
    if (!signal.aborted) await watch.caughtUp();
    return all;
  } finally {
    signal.removeEventListener("abort", end);
    await watch.close();
  }
}
