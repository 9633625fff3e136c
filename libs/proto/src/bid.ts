import { z } from "zod";
import { Answer } from "./execution/events.ts";
import { JobSpec, Task } from "./job/spec.ts";
import { AllocatedResources } from "./resources.ts";

/** "Would you run so many of these?" Core NATS, may be lost. */
export const Ask = z.object({
  askId: z.string(),
  jobId: z.string(),
  namespace: z.string(),
  jobType: z.string(),
  priority: z.int(),
  task: Task,
  constraints: JobSpec.shape.constraints,
  /** For one slot. */
  resources: AllocatedResources,
  /** How many partitions look for a place. */
  slots: z.int().min(1),
});
export type Ask = z.infer<typeof Ask>;

/** "I would, so many, at this score", or "no, because …". An accepted bid holds the room until `holdUntil`. */
export const Bid = Answer.extend({
  askId: z.string(),
  slots: z.int().min(0),
  holdUntil: z.number().optional(),
  /** A refusal that may be another answer once room comes free. */
  busy: z.boolean().optional(),
});
export type Bid = z.infer<typeof Bid>;

/** So many slots of what an ask made a node hold are not needed. */
export const Release = z.object({ askId: z.string(), slots: z.int().min(1) });
export type Release = z.infer<typeof Release>;

/** What travels to a node at once: asks, and room that is no longer needed. */
export const AskBatch = z.object({ asks: z.array(Ask), released: z.array(Release) });
export type AskBatch = z.infer<typeof AskBatch>;

export const BidBatch = z.object({ bids: z.array(Bid) });
export type BidBatch = z.infer<typeof BidBatch>;
