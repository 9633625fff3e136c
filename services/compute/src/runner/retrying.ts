import { type Clock, Fault, pause, type Random } from "@shoal/core";

// The field's own number of tries for inputs.
const triesMax = 3;
// Long enough for a store to come back from a hiccup, short beside what inputs and results take.
const firstPauseMs = 200;

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
      // Between half and whole of the pause, so that many that failed together do not come back together.
      await pause(clock, firstPauseMs * 2 ** (attempt - 1) * (0.5 + random.fraction() / 2), signal);
      if (signal.aborted) throw failure;
    }
  }
}
