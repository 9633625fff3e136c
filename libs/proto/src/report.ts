import { z } from "zod";
import { RunOutput } from "./execution/events.ts";
import { Preparation } from "./execution/preparation.ts";
import { ExecutionRuntime } from "./execution/runtime.ts";
import { SpecConfig } from "./job/spec.ts";

/** The most bytes of a report: twice the size of one whose texts are all at their limits; a commit takes several. */
export const reportBytesMax = 65_536;

const base = { startedAt: z.number(), runtime: ExecutionRuntime.optional() };

/** What a node reports on one execution. A later kind implies the earlier ones. */
export const Report = z.object({
  /** Milliseconds since the epoch, by the node's clock. */
  at: z.number(),
  namespace: z.string(),
  /** Counts the reports of one execution from 1, also across restarts of the node. A recorded number is ignored. */
  number: z.int().min(1),
  /** What was prepared so far; absent when that is not worth showing. */
  preparation: Preparation.optional(),
  saw: z.discriminatedUnion("kind", [
    /** The task does not run yet, and `preparation` is what the node does instead. */
    z.object({ kind: z.literal("preparing") }),
    z.object({ kind: z.literal("running"), ...base }),
    z.object({ kind: z.literal("publishing"), ...base }),
    z.object({ kind: z.literal("completed"), ...base, output: RunOutput, result: SpecConfig.optional() }),
    z.object({
      kind: z.literal("failed"),
      code: z.string(),
      why: z.string().max(4096),
      /** The same task would fail in the same way anywhere. */
      final: z.boolean(),
      output: RunOutput.optional(),
    }),
    /** The node does not run this, because its assignment asks for `stop`. */
    z.object({ kind: z.literal("stopped") }),
  ]),
});
export type Report = z.infer<typeof Report>;
