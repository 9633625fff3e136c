import { z } from "zod";

/** Nodes that refuse for one reason. */
export const RefusalGroup = z.object({
  name: z
    .string()
    .describe(
      "the filter, the bid policy or the state of the nodes that refuses: `engine`, `labels`, `capacity`, `draining`",
    ),
  why: z.string().describe("the sentence of the first of them"),
  nodes: z.int().describe("how many nodes"),
  examples: z.array(z.string()).describe("the ids of some of them"),
});
export type RefusalGroup = z.infer<typeof RefusalGroup>;

/** Why one slot of a job is where it is. */
export const SlotExplanation = z.object({
  slot: z.string().describe("the slot: a partition's number, or a node's id"),
  state: z
    .string()
    .describe("the state of its last execution, `waiting`, or `unplaced` when the job ended without one"),
  nodeId: z.string().optional().describe("the node of its last execution"),
  attempt: z.int().optional().describe("the number of its last attempt"),
  why: z.string().describe("why it is there, in a sentence"),
  rank: z
    .int()
    .optional()
    .describe("the place of the node's bid among all bids, 1 for the best score; absent when no bids were recorded"),
  competitors: z
    .array(z.object({ nodeId: z.string().describe("the node"), score: z.number().describe("the score of its bid") }))
    .describe("the best bids of other nodes"),
  refusals: z.array(RefusalGroup).describe("nodes that did not bid, by their reason"),
});
export type SlotExplanation = z.infer<typeof SlotExplanation>;

/** Why slots of a job wait. */
export const WaitExplanation = z.object({
  slots: z.int().describe("how many slots"),
  reasons: z
    .array(
      z.object({
        name: z.string().describe("the reason's name"),
        why: z.string().describe("the reason in a sentence"),
      }),
    )
    .describe("why they wait, in the order in which it applies"),
  refusals: z.array(RefusalGroup).describe("the answers in the last record about the wait"),
  present: z
    .array(RefusalGroup)
    .describe("the nodes of the cluster now, by what keeps each of them from running a slot"),
  unblock: z.array(z.string()).describe("what would let the slots start, a sentence each"),
});
export type WaitExplanation = z.infer<typeof WaitExplanation>;

/** Why a job is in its state: by the log, and for what it waits for by the present nodes. */
export const JobExplanation = z
  .object({
    jobId: z.string().describe("the id of the job"),
    version: z.int().describe("its current version"),
    state: z.string().describe("its state"),
    why: z.string().describe("why it is in this state, in a sentence"),
    cause: z
      .object({
        code: z.string().describe("the code of the failure, from the error table"),
        why: z.string().describe("the failure, for people"),
        hint: z.string().describe("what to do next"),
        executionId: z.string().optional().describe("the execution that failed"),
        nodeId: z.string().optional().describe("its node"),
      })
      .optional()
      .describe("the first failure that caused the end of the job"),
    slots: z.array(SlotExplanation).describe("its slots"),
    moreSlots: z.int().describe("slots that are not explained, because there are too many"),
    waiting: WaitExplanation.optional().describe("why slots wait; absent when none does"),
  })
  .meta({ id: "JobExplanation", description: "why a job is where it is" });
export type JobExplanation = z.infer<typeof JobExplanation>;
