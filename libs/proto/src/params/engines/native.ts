import { z } from "zod";

const word = z.string().refine((text) => !text.includes("\0"), "must not contain a zero byte");

/** The params of a native task; the keys are the wire names. */
export const NativeParams = z
  .strictObject({
    Command: word
      .min(1, "missing command")
      .describe("the program: a path, or a name that is looked up in /usr/local/bin, /usr/bin and /bin"),
    // Clients written in Go send null for an empty list.
    Arguments: z
      .array(word)
      .nullish()
      .transform((list) => list ?? [])
      .describe("its arguments; no shell interprets them"),
    WorkingDirectory: word
      .nullish()
      .transform((path) => path ?? "")
      .describe("a folder of the task, absolute or below /task; /task, the folder of the execution, when it is empty"),
  })
  .meta({
    description:
      "Runs a program of the node's machine, if its operator enables it (`engines.native.enabled`). Unsafe for untrusted jobs: the program runs on the node's kernel without a container image, as an unprivileged user, and reads the machine's programs, libraries and `/etc`. It has no network unless the task requests the host network. Inputs and result paths are mounted; `/task` and `/tmp` are writable.",
    example: {
      Engine: { Type: "native", Params: { Command: "sh", Arguments: ["-c", "wc -l /in/* > /out/lines"] } },
      InputSources: [{ Source: { Type: "local", Params: { SourcePath: "/data/books" } }, Target: "/in" }],
      ResultPaths: [{ Name: "lines", Path: "/out" }],
      Publisher: { Type: "nats" },
    },
  });
