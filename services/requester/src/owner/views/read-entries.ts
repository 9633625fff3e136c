import { type Clock, Fault, pause, type ViewEntry, type ViewStore } from "@shoal/core";

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
  store: ViewStore,
  { pattern, clock, signal }: EntriesToRead,
): Promise<ReadonlyMap<string, ViewEntry>> {
  const all = new Map<string, ViewEntry>();
  const ready = Promise.withResolvers<void>();
  const end = () => ready.resolve();
  let heardAt = clock.now();
  const opening = store.watch(pattern, {
    changed(key, value) {
      heardAt = clock.now();
      if (value === undefined) all.delete(key);
      else all.set(key, value);
    },
    ready: end,
  });
  signal.addEventListener("abort", end, { once: true });
  const limit = { clock, pattern, signal, since: () => heardAt };
  try {
    const watch = await within(opening, limit);
    await within(ready.promise, limit);
    // The first delivery may come from a replica that is behind; the leader's state is authoritative.
    const readyAt = clock.now();
    if (!signal.aborted) await within(watch.caughtUp(), { ...limit, since: () => readyAt });
    return all;
  } finally {
    signal.removeEventListener("abort", end);
    void opening.then((watch) => watch.close()).catch(() => undefined);
  }
}

interface Limit {
  readonly clock: Clock;
  readonly pattern: string;
  readonly signal: AbortSignal;
  /** The start of the timeout. */
  readonly since: () => number;
}

/** The result, unless it takes longer than `silenceMs`, or the signal fires. */
async function within<T>(begun: Promise<T>, { clock, pattern, signal, since }: Limit): Promise<T> {
  const done = new AbortController();
  const late = async (): Promise<never> => {
    const end = AbortSignal.any([done.signal, signal]);
    for (let leftMs = silenceMs; leftMs > 0 && !end.aborted; leftMs = since() + silenceMs - clock.now())
      await pause(clock, leftMs, end);
    if (signal.aborted) throw new Fault("LOG_UNREACHABLE", `the read of the entries ${pattern} was cancelled`);
    throw new Fault("LOG_UNREACHABLE", `the entries ${pattern} did not arrive within ${silenceMs} ms`);
  };
  const limit = late();
  limit.catch(() => undefined);
  return await Promise.race([begun, limit]).finally(() => done.abort());
}
