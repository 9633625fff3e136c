import { z } from "zod";

/** The most executions of one request: a requester answers such a batch with a few dozen reads of the log. */
export const confirmedMax = 64;

/** A node asks whether it still owns executions: their assignments have an unknown age or are absent. */
export const ConfirmRequest = z.object({
  executions: z
    .array(
      z.object({
        executionId: z.string(),
        jobId: z.string(),
        namespace: z.string(),
        /** The node has the assignment. If it has not, and the execution holds, the assignment is written again. */
        isAssigned: z.boolean(),
      }),
    )
    .max(confirmedMax),
});
export type ConfirmRequest = z.infer<typeof ConfirmRequest>;

/** The answer from the log. An execution that is left out has no verdict yet: the node waits and asks again. */
export const ConfirmAnswer = z.object({
  verdicts: z.array(
    z.object({
      executionId: z.string(),
      /** The execution is live and placed on the node that asks. */
      holds: z.boolean(),
      /** The number of the last report that is recorded; 0 for none. */
      recordedUpTo: z.int().min(0),
    }),
  ),
});
export type ConfirmAnswer = z.infer<typeof ConfirmAnswer>;
