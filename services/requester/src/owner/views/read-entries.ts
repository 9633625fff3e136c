import { type Clock, Fault, type ViewEntry, type ViewStore, within } from "@shoal/core";

/** Which entries to read, and how long to wait. */
export interface EntriesToRead {
  readonly pattern: string;
  readonly clock: Clock;
  /** Ends the read early. */
  readonly signal: AbortSignal;
}

// Five times the request timeout of the connection. Every arriving entry restarts it: a bucket may be large.
const silenceMs = 10_000;

/**
 * The current entries of a bucket whose keys match. Ends early, with a partial result, when the signal fires. Throws
 * Fault LOG_UNREACHABLE when nothing arrives for 10 s, or when the watch does not catch up within 10 s of its first
 * delivery.
 */
export async function readEntries(
  store: Pick<ViewStore, "watch">,
  { pattern, clock, signal }: EntriesToRead,
): Promise<ReadonlyMap<string, ViewEntry>> {
  const all = new Map<string, ViewEntry>();
  const ready = Promise.withResolvers<void>();
  let receivedAt = clock.now();
  const opening = store.watch(pattern, {
    changed(key, value) {
      receivedAt = clock.now();
      if (value === undefined) all.delete(key);
      else all.set(key, value);
    },
    ready: () => ready.resolve(),
  });
  const late = () => new Fault("LOG_UNREACHABLE", `the entries ${pattern} did not arrive within ${silenceMs} ms`);
  const limit = { clock, limitMs: silenceMs, late, signal };
  const since = () => receivedAt;
  try {
    const watch = await within(opening, { ...limit, since });
    await within(ready.promise, { ...limit, since });
    // The first delivery may come from a replica that is behind; the leader's state is authoritative.
    await within(watch.caughtUp(), limit);
  } catch (failure) {
    if (!signal.aborted) throw failure;
  } finally {
    void opening.then((watch) => watch.close()).catch(() => undefined);
  }
  return all;
}
