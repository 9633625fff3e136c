import { backoffMs, type Clock, causeOf, pause } from "@shoal/core";

/**
 * Back-off while the log or a store does not answer: from the length of a round trip to a delay that an operator would
 * still call immediate.
 */
export const unreachableBackoff = { firstMs: 50, maxMs: 1000 } as const;

/**
 * Retries while the error is LOG_UNREACHABLE; rethrows any other error. Resolves with undefined, without a result, once
 * the signal has fired.
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
