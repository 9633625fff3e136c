import type { QueueSummary } from "@shoal/proto";
import type { QueueSummaries } from "../../ports/queue-summaries.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** The current receivers of summaries. */
export type SummaryStore = Set<(summary: QueueSummary) => void>;

/** The summaries of one process. Each message may be lost. */
export function memoryQueueSummaries(proc: SimulatedProcess, store: SummaryStore): QueueSummaries {
  return {
    publish(summary) {
      const sent = structuredClone(summary);
      proc.send("queue summaries", () => {
        for (const receive of store) receive(sent);
      });
    },
    async follow(deliver) {
      const receive = (summary: QueueSummary): void => proc.pushOnce(() => deliver(summary));
      const leave = (): void => void store.delete(receive);
      store.add(receive);
      proc.onKilled(leave);
      return { close: async () => leave() };
    },
  };
}
