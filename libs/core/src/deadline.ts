import type { Clock } from "./clock.ts";

/** How long to wait for a promise. */
export interface WaitLimit {
  readonly clock: Clock;
  readonly limitMs: number;
  /** The time from which the limit counts, which activity may move forward; the call when left out. */
  readonly since?: (() => number) | undefined;
  /** Ends the wait early, as the limit does. */
  readonly signal?: AbortSignal | undefined;
}

/** A time limit, and the failure when it has passed. */
export interface TimeLimit extends WaitLimit {
  readonly late: () => Error;
}

/** Settles as the promise does, or rejects with `late()` after `limitMs`. A later result of the promise is ignored. */
export function within<T>(promise: Promise<T>, { late, ...limit }: TimeLimit): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = afterLimit(limit, () => reject(late()));
    promise.then(resolve, reject).finally(cancel);
  });
}

/** Settles as the promise does, or resolves with undefined after `limitMs`. A later result of the promise is ignored. */
export function resultWithin<T>(promise: Promise<T>, limit: WaitLimit): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = afterLimit(limit, () => resolve(undefined));
    promise.then(resolve, reject).finally(cancel);
  });
}

/** Calls back once the limit has passed or its signal has fired. The returned function cancels it. */
function afterLimit({ clock, limitMs, since, signal }: WaitLimit, late: () => void): () => void {
  const beganAt = clock.now();
  const dueAt = () => (since?.() ?? beganAt) + limitMs;
  let cancelTimer = () => {};
  const cancel = (): void => {
    cancelTimer();
    signal?.removeEventListener("abort", end);
  };
  function end(): void {
    cancel();
    late();
  }
  function plan(): void {
    const due = dueAt();
    // By the activity alone: a clock that was set back meanwhile prolongs nothing.
    cancelTimer = clock.at(due, () => (dueAt() > due ? plan() : end()));
  }
  if (signal?.aborted === true) end();
  else {
    signal?.addEventListener("abort", end, { once: true });
    plan();
  }
  return cancel;
}
