import type { Clock } from "./clock.ts";

/** How long to wait, and the failure when that was not enough. */
export interface TimeLimit {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly late: () => Error;
}

/** The promise's own end, or a rejection with `late()` when it takes longer than `limitMs`. What the promise does later is ignored. */
export function within<T>(promise: Promise<T>, { clock, limitMs, late }: TimeLimit): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.at(clock.now() + limitMs, () => reject(late()));
    promise.then(resolve, reject).finally(cancel);
  });
}
