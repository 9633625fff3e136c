/** The source of time and timers. Real in services, moved by tests in simulations. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, not before `at` (milliseconds since the epoch). The returned function cancels it; cancelling late is harmless. */
  at(at: number, callback: () => void): () => void;
}

/** Waits `ms` milliseconds on the given clock, or until the signal fires. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const cancel = clock.at(clock.now() + ms, done);
    signal?.addEventListener("abort", done, { once: true });
    function done(): void {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}
