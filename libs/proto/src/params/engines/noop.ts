import { z } from "zod";

/** The params of a no-op; the keys are the wire names. */
export const NoopParams = z
  .strictObject({
    RunSeconds: z.number().min(0).default(0).describe("seconds until it ends"),
    // 255: an exit code is one byte.
    ExitCode: z.int().min(0).max(255).default(0).describe("the exit code it ends with"),
    FailWith: z.string().min(1).optional().describe("ends as an engine failure with this reason"),
    Stdout: z.string().optional().describe("written to stdout at the start"),
  })
  .meta({
    description: "Runs nothing and ends as its params say. For tests, benchmarks and trying out a cluster.",
    example: { Engine: { Type: "noop", Params: { RunSeconds: 2, Stdout: "hello from Shoal\n" } } },
  });
