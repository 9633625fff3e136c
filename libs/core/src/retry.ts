/** Pauses after consecutive failures, milliseconds. */
export interface Backoff {
  /** After the first failure; each later pause is twice as long. */
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The pause after this number of consecutive failures, milliseconds; for 0 the first pause. Exact: see `jittered`. */
export const backoffMs = ({ firstMs, maxMs }: Backoff, failures: number): number =>
  Math.min(firstMs * 2 ** Math.max(0, failures - 1), maxMs);

/** A random pause between half of it and all of it: processes that failed together do not retry together. */
export const jittered = (pauseMs: number, { fraction }: { fraction(): number }): number =>
  pauseMs * (0.5 + fraction() / 2);
