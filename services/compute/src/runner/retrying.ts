import { backoffMs, type Clock, Fault, jittered, pause, type Random } from "@shoal/core";

/** How long an operation is retried. */
interface RetryLimits {
  readonly triesMax: number;
  readonly firstMs: number;
  readonly maxMs: number;
}

export const patience = {
  // Bacalhau's number of attempts. Long enough for a store to recover from a short outage, short beside the time of
  // inputs.
  inputs: { triesMax: 3, firstMs: 200, maxMs: 1_000 },
  // A minute: what a task has computed is worth more than its inputs, and a store may restart.
  results: { triesMax: 8, firstMs: 500, maxMs: 30_000 },
} as const satisfies Record<string, RetryLimits>;

export interface RetryOptions extends RetryLimits {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Retries with growing jittered pauses, while a Fault is thrown whose code is marked for retries. */
export async function retrying<T>(
  { clock, random, signal, triesMax, ...backoff }: RetryOptions,
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
