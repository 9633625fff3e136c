import type { Incoming } from "../intake/intake.ts";
import type { ReadFrom } from "./consumer.ts";

/** What to read, from where, and who is told. The callbacks must not throw: that is a bug and ends the process. */
export interface ReadOptions {
  readonly stream: string;
  /** One subject, wildcards allowed. */
  readonly filter: string;
  readonly from: ReadFrom;
  /** The only consumer name that narrow rights allow; a fresh one each time when it is left out. */
  readonly consumerName?: string;
  /** It is read in one go: over a connection of its own, for as long as it takes. */
  readonly inOneGo?: boolean;
  /** Messages asked for ahead, `consumerLimits.batch` when it is left out: fewer for large ones that a slow reader takes. */
  readonly batch?: number;
  deliver(message: Incoming): void;
  /** Everything is told from the beginning again, because some of it may have been missed (only for `latest`). */
  begins?(): void;
  /** What was there when the telling began has been told. */
  caughtUp?(): void;
  /**
   * Asked before more is requested: a promise while the reader has enough to do, and nothing is requested until it
   * resolves. What was requested before still comes. It must not reject.
   */
  room?(): Promise<void> | undefined;
}
