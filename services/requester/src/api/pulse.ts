import type { Clock } from "@shoal/core";

/** Something that is said again whenever there was silence for a while. */
export interface Pulse {
  /** Begins the silence anew. */
  reset(): void;
  stop(): void;
}

/** Calls `beat` after every `silenceMs` milliseconds without a reset, until stopped. */
export function createPulse(clock: Clock, silenceMs: number, beat: () => void): Pulse {
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
