import { type Clock, Fault } from "@shoal/core";

// How long an aborted operation may take to end and to clean up: a call to an engine or a removal of files; short for a
// client that waits.
const windDownMs = 5_000;

/**
 * Settles like `act`, or rejects with a Fault STOPPED when `act` has not ended within a time limit after its signal
 * fired. `act` may continue afterwards: the caller must undo its late result.
 */
export function breakOff<T>(clock: Clock, signal: AbortSignal, act: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancel = () => {};
    const wind = () => {
      cancel = clock.at(clock.now() + windDownMs, () =>
        reject(new Fault("STOPPED", "it did not end after it was aborted")),
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
