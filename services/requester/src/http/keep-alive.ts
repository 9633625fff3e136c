import type { Clock } from "@shoal/core";

/** Sends a message after each period of silence, so that proxies hold the connection open. */
export interface KeepAlive {
  /** Restarts the period. */
  reset(): void;
  stop(): void;
}

/** Calls `beat` after every `silenceMs` milliseconds without a reset, until stopped. */
export function createKeepAlive(clock: Clock, silenceMs: number, beat: () => void): KeepAlive {
  let cancel = () => {};
  const reset = (): void => {
    cancel();
    cancel = clock.at(clock.now() + silenceMs, () => {
      reset();
      beat();
    });
  };
  reset();
  return { reset, stop: () => cancel() };
}
