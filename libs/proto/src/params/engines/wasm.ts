import { z } from "zod";

// 4096 is the longest path on Linux; a command line has no room for more arguments than that.
const path = z
  .string()
  .min(1)
  .max(4096)
  .refine(
    (path) => path.startsWith("/") || !path.split("/").includes(".."),
    "must be the path of a mounted input, such as /app/main.wasm; a relative path starts at the task's root",
  );

// 128 KiB is the longest single argument on Linux; a zero byte would end it early.
const text = z
  .string()
  .max(131_072)
  .regex(/^[^\0]*$/, "must not contain a zero character");

/** The params of a wasm task; the keys are the wire names. */
export const WasmParams = z
  .strictObject({
    EntryModule: path.describe("path of the module to run: the target of an input, or a file inside one"),
    Entrypoint: z.string().min(1).max(256).default("_start").describe("the exported function to call"),
    Parameters: z.array(text).max(4096).default([]).describe("arguments of the program"),
    ImportModules: z
      .array(path)
      .max(32)
      .default([])
      .describe("modules to load first; their exports can be imported under their path"),
  })
  .meta({
    description:
      "Runs a WebAssembly module with WASI preview 1 in a single-use sandbox process. The module sees its inputs and result paths only, and has no network; with network `http` it can import `http_request` from `wasi:http/requests`.",
    example: {
      Engine: { Type: "wasm", Params: { EntryModule: "/app/count.wasm", Parameters: ["/in/text"] } },
      InputSources: [
        { Source: { Type: "local", Params: { SourcePath: "/data/app" } }, Target: "/app" },
        { Source: { Type: "inline", Params: { URL: "data:,the log is the truth" } }, Target: "/in/text" },
      ],
    },
  });
