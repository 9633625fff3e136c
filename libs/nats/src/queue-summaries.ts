import type { QueueSummaries } from "@shoal/core";
import { QueueSummary, subjects } from "@shoal/proto";
import type { NatsSession } from "./connection/nats-session.ts";
import { decodeMessage, encodeMessage } from "./message-codec.ts";

/** Summaries of queues over core NATS: `shoal.queue.<requesterId>`. A summary on another requester's subject is ignored. */
export function createQueueSummaries(session: NatsSession): QueueSummaries {
  const onProblem = (failure: unknown): void =>
    session.onProblem(`queue summaries: ${failure instanceof Error ? failure.message : String(failure)}`);
  return {
    publish(summary) {
      try {
        session.nc.publish(subjects.queue(summary.requesterId), encodeMessage(summary));
      } catch (failure) {
        // It may be lost: the next one follows in a second.
        onProblem(failure);
      }
    },
    async follow(deliver) {
      const subscription = session.nc.subscribe(subjects.queue("*"), {
        callback: (failure, message) => {
          if (failure !== null) return onProblem(failure);
          const summary = QueueSummary.safeParse(decodeMessage(message.data));
          if (summary.success && message.subject === subjects.queue(summary.data.requesterId)) deliver(summary.data);
        },
      });
      await session.flushed();
      return { close: async () => subscription.unsubscribe() };
    },
  };
}
