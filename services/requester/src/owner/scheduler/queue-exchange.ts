import { type Clock, causeOf, type Logger, type Process, type QueueSummaries } from "@shoal/core";
import type { QueueSummary } from "@shoal/proto";

/** Between two summaries. A waiting job of high priority is known everywhere within this time. */
const exchangeMs = 1_000;

export interface QueueExchangeOptions {
  readonly requesterId: string;
  readonly summaries: QueueSummaries;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What waits and runs here. */
  readonly summary: () => Omit<QueueSummary, "requesterId">;
  /** A summary of another requester arrived. */
  readonly received: (summary: QueueSummary) => void;
  /** Called after each interval. */
  readonly elapsed: () => void;
}

/** Sends this requester's queue summary every second, and receives those of the others. Nothing is sent while nothing waits. */
export function createQueueExchange(options: QueueExchangeOptions): Process {
  const { requesterId, summaries, clock } = options;
  let following: { close(): Promise<void> } | undefined;
  let cancel: (() => void) | undefined;
  let wasEmpty = true;

  function send(): void {
    const summary = options.summary();
    const isEmpty = [summary.queued, summary.uses, summary.held].every((part) => Object.keys(part).length === 0);
    // The last one is empty: the others do not wait for it to expire.
    if (!isEmpty || !wasEmpty) summaries.publish({ requesterId, ...summary });
    wasEmpty = isEmpty;
    options.elapsed();
    cancel = clock.at(clock.now() + exchangeMs, send);
  }

  return {
    name: "queue exchange",
    async start() {
      following = await summaries.follow((summary) => {
        if (summary.requesterId !== requesterId) options.received(summary);
      });
      send();
    },
    async stop() {
      cancel?.();
      await following?.close().catch((failure: unknown) => {
        options.logger.warn(causeOf(failure), "could not end the subscription to queue summaries");
      });
    },
  };
}
