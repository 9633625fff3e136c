import { backoffMs, type Clock, Fault, jittered, pause, type Random } from "@shoal/core";

// The field's own number of tries for inputs.
const triesMax = 3;
// Long enough for a store to come back from a hiccup, short beside what inputs and results take.
const backoff = { firstMs: 200, maxMs: 1_000 } as const;

/** Tries again, with growing jittered pauses, while what is thrown is a Fault whose row says that it may go well later. */
export async function retrying<T>(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  signal: AbortSignal,
  act: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (failure) {
      const again = failure instanceof Fault && failure.retry && attempt < triesMax && !signal.aborted;
      if (!again) throw failure;
      await pause(clock, jittered(backoffMs(backoff, attempt), random), signal);
      if (signal.aborted) throw failure;
    }
  }
}
