import { backoffMs, type Clock, Fault, jittered, pause, type Random } from "@shoal/core";

// Bacalhau's number of attempts for inputs.
const triesMax = 3;
// Long enough for a store to recover from a short outage, short beside the time of inputs and results.
const backoff = { firstMs: 200, maxMs: 1_000 } as const;

/** Retries with growing jittered pauses, while a Fault is thrown whose code is marked for retries. */
export async function retrying<T>(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  signal: AbortSignal,
  act: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (failure) {
      const retries = failure instanceof Fault && failure.retry && attempt < triesMax && !signal.aborted;
      if (!retries) throw failure;
      await pause(clock, jittered(backoffMs(backoff, attempt), random), signal);
      if (signal.aborted) throw failure;
    }
  }
}
