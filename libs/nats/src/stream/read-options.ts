import type { ReadFrom } from "./consumer.ts";
import type { DeliveredMessage } from "./read-message.ts";

/** What to read and from where. The callbacks must not throw: that is a bug and ends the process. */
export interface ReadOptions {
  readonly stream: string;
  /** One subject, wildcards allowed. */
  readonly filter: string;
  readonly from: ReadFrom;
  /** The only consumer name that narrow rights allow; a fresh one each time when it is left out. */
  readonly consumerName?: string;
  /** Messages requested ahead, `consumerLimits.batch` when it is left out: fewer for large ones that a slow reader takes. */
  readonly batch?: number;
  deliver(message: DeliveredMessage): void;
  /** Everything is delivered from the beginning again, because some of it may have been missed (only for `latest`). */
  begins?(): void;
  /** What was there when the delivery began has been delivered. */
  caughtUp?(): void;
  /**
   * Called before more is requested: a promise while the reader has enough to do, and nothing is requested until it
   * resolves. What was requested before still comes. It must not reject.
   */
  room?(): Promise<void> | undefined;
}
