import type { Clock } from "@shoal/core";

/** A time limit and the error when it is exceeded. */
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
