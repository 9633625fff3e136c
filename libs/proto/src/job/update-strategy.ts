import { z } from "zod";

/** How a new version replaces the executions of the one before it. Nomad's names and defaults, except for `autoRevert`. */
export const UpdateStrategy = z.object({
  maxParallel: z
    .int("expected a whole number of executions")
    .min(1, "expected 1 or more executions")
    .max(10_000, "expected at most 10000 executions")
    .default(1)
    .describe("executions that are replaced at the same time"),
  minHealthyTime: z
    .number()
    .min(0, "expected 0 or more seconds")
    .max(86_400, "expected at most one day")
    .default(10)
    .describe("seconds that an execution of the new version runs before the next one is replaced"),
  autoRevert: z
    .boolean()
    .default(true)
    .describe(
      "roll back to the version before when an execution of the new version fails; otherwise the rollout halts",
    ),
});
export type UpdateStrategy = z.infer<typeof UpdateStrategy>;
