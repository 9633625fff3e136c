import { type Clock, Fault } from "@shoal/core";

// What is broken off has so long to end by itself and to clean up: an engine's call or a removal of files, and short for who waits.
const windDownMs = 5_000;

/**
 * The end of `act`; or, when it has not ended a while after its signal fired, a Fault STOPPED. It may go on behind that: what comes of it
 * then is for the caller to undo.
 */
export function breakOff<T>(clock: Clock, signal: AbortSignal, act: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancel = () => {};
    const wind = () => {
      cancel = clock.at(clock.now() + windDownMs, () =>
        reject(new Fault("STOPPED", "it did not end when it was broken off")),
      );
    };
    if (signal.aborted) wind();
    else signal.addEventListener("abort", wind, { once: true });
    const over = () => {
      cancel();
      signal.removeEventListener("abort", wind);
    };
    act.then(resolve, reject).finally(over);
  });
}
