import { z } from "zod";

/** The most executions that one request names: a batch that a requester answers with a few dozen reads of the log. */
export const confirmedMax = 64;

/** A node asks whether executions are its own still: it was given them at an unknown time, or its assignment is absent. */
export const ConfirmRequest = z.object({
  executions: z
    .array(
      z.object({
        executionId: z.string(),
        jobId: z.string(),
        namespace: z.string(),
        /** The node has the assignment before it. Where it has not, and the execution holds, the assignment is written again. */
        isAssigned: z.boolean(),
      }),
    )
    .max(confirmedMax),
});
export type ConfirmRequest = z.infer<typeof ConfirmRequest>;

/** What the log says. An execution that is left out has no verdict now: the node waits and asks again. */
export const ConfirmAnswer = z.object({
  verdicts: z.array(
    z.object({
      executionId: z.string(),
      /** It is live and placed on the node that asks. */
      holds: z.boolean(),
      /** The number of the last report that is recorded; 0 for none. */
      recordedUpTo: z.int().min(0),
    }),
  ),
});
export type ConfirmAnswer = z.infer<typeof ConfirmAnswer>;
