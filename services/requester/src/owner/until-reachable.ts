import { backoffMs, type Clock, causeOf, pause } from "@shoal/core";

/** Back-off while the log or a store does not answer: from a round trip's length up to what an operator would call at once. */
export const unreachableBackoff = { firstMs: 50, maxMs: 1000 } as const;

/**
 * Tries again while what is thrown says LOG_UNREACHABLE; anything else is thrown on. Resolves with undefined, having given up,
 * once the signal has fired.
 */
export async function untilReachable<T>(
  act: () => Promise<T>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T | undefined> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await act();
    } catch (failure) {
      if (causeOf(failure).code !== "LOG_UNREACHABLE") throw failure;
      await pause(clock, backoffMs(unreachableBackoff, failures), signal);
    }
  }
  return undefined;
}
