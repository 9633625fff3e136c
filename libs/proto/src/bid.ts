import { z } from "zod";
import { Answer } from "./execution/events.ts";
import { JobSpec, Task } from "./job/spec.ts";
import { AllocatedResources } from "./resources.ts";

/** The most bytes of the requirements in one ask: a busy node gets asks by the hundred, joined into messages of half a megabyte. */
export const requirementsBytesMax = 8_192;

/** A part that a task names. Params that are too large to travel are left out: the node judges those when it runs the task. */
const RequiredPart = z.object({ type: z.string(), params: z.record(z.string(), z.unknown()).optional() });
export type RequiredPart = z.infer<typeof RequiredPart>;

/** What a job needs of a node: all that filters and bid policies judge, without what the task does there. */
export const Requirements = z.object({
  engine: RequiredPart,
  /** An empty type means none. */
  publisher: RequiredPart,
  sources: z.array(RequiredPart.extend({ target: z.string() })),
  resultPaths: Task.shape.resultPaths,
  /** Names of variables that the task reads from the node's own environment. */
  hostVariables: z.array(z.string()),
  network: z.object({ type: Task.shape.network.unwrap().shape.type, hasPorts: z.boolean() }),
  constraints: JobSpec.shape.constraints,
  /** For one slot. */
  resources: AllocatedResources,
});
export type Requirements = z.infer<typeof Requirements>;

/** "Would you run this in so many slots?" Core NATS, may be lost. */
export const Ask = z.object({
  askId: z.string(),
  jobId: z.string(),
  namespace: z.string(),
  jobType: z.string(),
  priority: z.int(),
  requirements: Requirements,
  /** How many slots need a place. */
  slots: z.int().min(1),
  /** More jobs of this kind wait: the node sends a heartbeat as soon as room comes free, also when it accepts this ask. */
  othersWait: z.boolean().optional(),
  /**
   * The job has waited for long: a node that fits and has no room keeps what comes free for it. Since when it exists, milliseconds since
   * the epoch; of two such jobs of one priority the older one is preferred.
   */
  reserveSince: z.number().optional(),
});
export type Ask = z.infer<typeof Ask>;

/** "I would, so many, at this score", or "no, because …". An accepted bid holds the room until `holdUntil`. */
export const Bid = Answer.extend({
  askId: z.string(),
  slots: z.int().min(0),
  holdUntil: z.number().optional(),
  /** A refusal that may be another answer once room comes free. */
  busy: z.boolean().optional(),
  /** With `busy`: the room that the node had left when it refused. */
  available: AllocatedResources.optional(),
  /** With `busy`: room that comes free is kept for this job for a while. */
  reserved: z.boolean().optional(),
});
export type Bid = z.infer<typeof Bid>;

/** So many slots of what an ask made a node hold are not needed; nor is the room that it made the node reserve. */
export const Release = z.object({ askId: z.string(), slots: z.int().min(1) });
export type Release = z.infer<typeof Release>;

/** What travels to a node at once: asks, and room that is no longer needed. */
export const AskBatch = z.object({ asks: z.array(Ask), released: z.array(Release) });
export type AskBatch = z.infer<typeof AskBatch>;

export const BidBatch = z.object({ bids: z.array(Bid) });
export type BidBatch = z.infer<typeof BidBatch>;
