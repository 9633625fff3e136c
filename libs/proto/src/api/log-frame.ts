import { z } from "zod";
import { onWire } from "../wire/meta.ts";

// Bacalhau's numbers of the two streams.
const streams = { stdout: 1, stderr: 2 } as const;

/** One frame of a job's output over a WebSocket: a line or an error. */
export const LogFrame = z
  .object({
    value: onWire(
      z
        .object({
          type: onWire(z.enum(["stdout", "stderr"]).describe("the stream"), { as: streams }),
          line: z.string().describe("a piece of output, with its line end"),
          executionId: z.string().optional().describe("the execution that wrote it"),
        })
        .optional()
        .describe("some output"),
      { name: "value" },
    ),
    error: onWire(z.string().optional().describe("why the output ends here"), { name: "error" }),
  })
  .meta({ id: "LogFrame", description: "one frame of output: some of it, or an error" });
export type LogFrame = z.infer<typeof LogFrame>;
