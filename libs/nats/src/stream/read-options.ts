import type { ReadFrom } from "./consumer.ts";
import type { DeliveredMessage } from "./read-message.ts";

/** What to read and from where. The callbacks must not throw: an exception is a bug and ends the process. */
export interface ReadOptions {
  readonly stream: string;
  /** One subject, wildcards allowed. */
  readonly filter: string;
  readonly from: ReadFrom;
  /** The only consumer name that restricted permissions allow; a new name each time when left out. */
  readonly consumerName?: string;
  /** Messages requested ahead; `consumerLimits.batch` when left out. Use fewer for large messages and a slow reader. */
  readonly batch?: number;
  deliver(message: DeliveredMessage): void;
  /** Called before every message is delivered again from the start, because some may have been missed (only for `latest`). */
  begins?(): void;
  /** Called when every message that was stored at the start of the delivery has been delivered. */
  caughtUp?(): void;
  /**
   * Called before a request: returns a promise while the reader is busy, and no request is sent until it resolves. Messages that were
   * already requested still arrive. It must not reject.
   */
  room?(): Promise<void> | undefined;
}
