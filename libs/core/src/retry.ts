/** Pauses between tries that fail in a row, milliseconds. */
export interface Backoff {
  /** After the first failure; each later pause is twice as long. */
  readonly firstMs: number;
  readonly maxMs: number;
}

/** How long to pause after so many failures in a row, milliseconds; before the first one it is the first pause. Exact: see `jittered`. */
export const backoffMs = ({ firstMs, maxMs }: Backoff, failures: number): number =>
  Math.min(firstMs * 2 ** Math.max(0, failures - 1), maxMs);

/** A pause between half of it and all of it, at random: those that failed together do not come back together. */
export const jittered = (pauseMs: number, { fraction }: { fraction(): number }): number =>
  pauseMs * (0.5 + fraction() / 2);
