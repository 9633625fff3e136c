import { z } from "zod";

/** Nodes that refuse for one reason. */
export const RefusalGroup = z.object({
  /** The filter, the bid policy or the state of the nodes that refuses: `engine`, `labels`, `capacity`, `draining` … */
  name: z.string(),
  /** The sentence of the first of them. */
  why: z.string(),
  nodes: z.int().describe("how many nodes"),
  /** The ids of some. */
  examples: z.array(z.string()),
});
export type RefusalGroup = z.infer<typeof RefusalGroup>;

/** Why one slot of a job is where it is. */
export const SlotExplanation = z.object({
  slot: z.string(),
  /** The state of its last execution, or `waiting`. */
  state: z.string(),
  nodeId: z.string().optional(),
  attempt: z.int().optional(),
  why: z.string(),
  /** The place of the node's bid among all bids, 1 for the best score; absent when no bids were recorded. */
  rank: z.int().optional(),
  /** The best bids of other nodes. */
  competitors: z.array(z.object({ nodeId: z.string(), score: z.number() })),
  refusals: z.array(RefusalGroup),
});
export type SlotExplanation = z.infer<typeof SlotExplanation>;

/** Why slots of a job wait. */
export const WaitExplanation = z.object({
  slots: z.int().describe("how many slots"),
  /** In the order in which they apply. */
  reasons: z.array(z.object({ name: z.string(), why: z.string() })),
  /** The answers in the last record about the wait. */
  refusals: z.array(RefusalGroup),
  /** The nodes of the cluster now, by what keeps each of them from running a slot. */
  present: z.array(RefusalGroup),
  /** What would let the slots start; a sentence each. */
  unblock: z.array(z.string()),
});
export type WaitExplanation = z.infer<typeof WaitExplanation>;

/** Why a job is in its state: by the log, and for what it waits for by the present nodes. */
export const JobExplanation = z
  .object({
    jobId: z.string(),
    version: z.int(),
    state: z.string(),
    why: z.string(),
    /** The first failure that caused the end of the job. */
    cause: z
      .object({
        code: z.string(),
        why: z.string(),
        hint: z.string(),
        executionId: z.string().optional(),
        nodeId: z.string().optional(),
      })
      .optional(),
    slots: z.array(SlotExplanation),
    /** Slots that are not explained, because there are too many. */
    moreSlots: z.int(),
    waiting: WaitExplanation.optional(),
  })
  .meta({ id: "JobExplanation" });
export type JobExplanation = z.infer<typeof JobExplanation>;
