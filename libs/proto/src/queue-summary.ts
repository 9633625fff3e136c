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

/** The first job of a namespace that has waited for its quota for so long that the next free part of it is kept for the job. */
export const HeldJob = z.object({
  jobId: z.string(),
  priority: z.int(),
  /** When the job was created or got its last nodes, milliseconds since the epoch. */
  since: z.number(),
  /** What one execution occupies. */
  use: NamespaceUse,
});
export type HeldJob = z.infer<typeof HeldJob>;

const byNamespace = <T extends z.ZodType>(value: T) =>
  z
    .record(z.string(), value)
    .refine((record) => Object.keys(record).length <= namespacesMax, `expected at most ${namespacesMax} namespaces`);

/** What a requester sends to the others every second while jobs of its shards wait or use a quota. Core NATS, may be lost. */
export const QueueSummary = z.object({
  requesterId: z.string(),
  /** The highest priority first. */
  queued: z.array(QueuedJob).max(queuedJobsMax),
  /** Of the namespaces that have a quota. */
  uses: byNamespace(NamespaceUse),
  /** Of the namespaces that have a quota; absent in messages of requesters before this field. */
  held: byNamespace(HeldJob).default({}),
});
export type QueueSummary = z.infer<typeof QueueSummary>;
