import { z } from "zod";
import { Requirements } from "./bid.ts";

/** The most waiting jobs in one summary: with requirements of the largest size they stay below a quarter of a message. */
export const queuedJobsMax = 16;

/** The most namespaces with their use in one summary: some 100 bytes each. */
const namespacesMax = 1_000;

/** The first job that waits for room in one queue of a requester. */
export const QueuedJob = z.object({
  jobId: z.string(),
  priority: z.int(),
  /** How many slots of this priority wait in its queue. */
  slots: z.int().min(1),
  /** The node to which they are pinned; absent when any node that fits may run them. */
  nodeId: z.string().optional(),
  requirements: Requirements,
});
export type QueuedJob = z.infer<typeof QueuedJob>;

/** What the executions of a namespace occupy. */
export const NamespaceUse = z.object({
  cpuCores: z.number().min(0),
  memoryBytes: z.number().min(0),
  gpus: z.number().min(0),
  /** Jobs with at least one execution. */
  jobs: z.int().min(0),
});
export type NamespaceUse = z.infer<typeof NamespaceUse>;

/** What a requester sends to the others every second while jobs of its shards wait or use a quota. Core NATS, may be lost. */
export const QueueSummary = z.object({
  requesterId: z.string(),
  /** The highest priority first. */
  queued: z.array(QueuedJob).max(queuedJobsMax),
  /** Of the namespaces that have a quota. */
  uses: z
    .record(z.string(), NamespaceUse)
    .refine((uses) => Object.keys(uses).length <= namespacesMax, `expected at most ${namespacesMax} namespaces`),
});
export type QueueSummary = z.infer<typeof QueueSummary>;
