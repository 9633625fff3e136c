import { z } from "zod";

// 4096 is the longest path that Linux knows; a task has no use for more arguments than a command line holds.
const path = z
  .string()
  .min(1)
  .max(4096)
  .refine(
    (path) => path.startsWith("/") || !path.split("/").includes(".."),
    "must be the path of a mounted input, such as /app/main.wasm; one that is relative begins at the task's root",
  );

// 128 KiB is the longest single argument that Linux passes; a zero would end it early.
const text = z
  .string()
  .max(131_072)
  .regex(/^[^\0]*$/, "must not hold a zero character");

/** What a wasm task is told; its keys are the wire names. */
export const WasmParams = z.strictObject({
  EntryModule: path.describe("path of the module to run: the target of an input, or a file inside one"),
  Entrypoint: z.string().min(1).max(256).default("_start").describe("the exported function to call"),
  Parameters: z.array(text).max(4096).default([]).describe("arguments of the program"),
  ImportModules: z
    .array(path)
    .max(32)
    .default([])
    .describe("modules to load first; their exports can be imported under their path"),
});
export type WasmParams = z.infer<typeof WasmParams>;
