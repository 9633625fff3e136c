import type { QueueSummary } from "@shoal/proto";

/** What requesters know of each other's queues. Core NATS: any summary may be lost. */
export interface QueueSummaries {
  /** Sends a summary to every requester. Never throws. */
  publish(summary: QueueSummary): void;
  /** Delivers every summary, the process's own ones included, until closed. Others cannot send one with a requester's id. */
  follow(deliver: (summary: QueueSummary) => void): Promise<{ close(): Promise<void> }>;
}
