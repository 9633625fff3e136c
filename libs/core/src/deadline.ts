import type { Clock } from "./clock.ts";

/** A time limit, and the failure when it has passed. */
export interface TimeLimit {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly late: () => Error;
}

/** Settles as the promise does, or rejects with `late()` after `limitMs`. A later result of the promise is ignored. */
export function within<T>(promise: Promise<T>, { clock, limitMs, late }: TimeLimit): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.at(clock.now() + limitMs, () => reject(late()));
    promise.then(resolve, reject).finally(cancel);
  });
}
