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
          type: onWire(z.enum(["stdout", "stderr"]), { as: streams }),
          line: z.string(),
          executionId: z.string().optional(),
        })
        .optional(),
      { name: "value" },
    ),
    error: onWire(z.string().optional(), { name: "error" }),
  })
  .meta({ id: "LogFrame" });
export type LogFrame = z.infer<typeof LogFrame>;
