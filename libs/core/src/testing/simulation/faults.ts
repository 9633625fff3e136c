import type { Prng } from "../prng.ts";

/** The faults of a simulation: probabilities 0 … 1 and times in milliseconds. Data, so that a seed can draw it. */
export interface Faults {
  /** The longest delay of a usual message. */
  readonly delayMs: number;
  /** The probability that a message takes up to `slowMs` instead. */
  readonly slow: number;
  readonly slowMs: number;
  /** A request never reaches the server. */
  readonly requestLost: number;
  /** The server executes a request, and the response is lost. */
  readonly replyLost: number;
  /** An ask, a bid, a heartbeat or an announcement is lost. */
  readonly messageLost: number;
  /** A report is stored twice. */
  readonly reportDoubled: number;
  /** A watch begins again after a disconnect: every entry is delivered again. */
  readonly watchRestarted: number;
  /** A process dies while it makes a request: before the server gets it, or after the server did it. */
  readonly crash: number;
  /** The clocks of two machines differ by at most twice this. */
  readonly skewMs: number;
}

/** No faults; a message takes a millisecond at most. */
export const noFaults: Faults = {
  delayMs: 1,
  slow: 0,
  slowMs: 0,
  requestLost: 0,
  replyLost: 0,
  messageLost: 0,
  reportDoubled: 0,
  watchRestarted: 0,
  crash: 0,
  skewMs: 0,
};

// The maximum that a seed may draw of each. Above it, runs consist of retries only.
const worst: Faults = {
  delayMs: 20,
  slow: 0.05,
  slowMs: 3_000,
  requestLost: 0.05,
  replyLost: 0.05,
  messageLost: 0.2,
  reportDoubled: 0.2,
  watchRestarted: 0.5,
  crash: 0.002,
  skewMs: 2_000,
};

/** Draws faults: each kind is off in half of the seeds, and otherwise uniform up to its maximum. */
export function drawFaults(prng: Prng): Faults {
  const draw = (most: number): number => (prng.happens(0.5) ? prng.fraction() * most : 0);
  return {
    delayMs: prng.between(0, worst.delayMs),
    slow: draw(worst.slow),
    slowMs: prng.between(0, worst.slowMs),
    requestLost: draw(worst.requestLost),
    replyLost: draw(worst.replyLost),
    messageLost: draw(worst.messageLost),
    reportDoubled: draw(worst.reportDoubled),
    watchRestarted: draw(worst.watchRestarted),
    crash: draw(worst.crash),
    skewMs: Math.floor(draw(worst.skewMs)),
  };
}
