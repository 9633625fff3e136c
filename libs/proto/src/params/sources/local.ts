import { z } from "zod";

/** An absolute path without `.`, empty parts and a slash at its end. */
const normalized = (path: string): string =>
  `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;

/** The params of a local input; the keys are the wire names. */
export const LocalParams = z
  .strictObject({
    SourcePath: z
      .string()
      .refine((path) => path.startsWith("/") && !path.includes("\0"), "expected an absolute path of the node")
      .refine((path) => !path.split("/").includes(".."), 'the path must not contain ".."')
      .transform(normalized)
      .describe("absolute path of the file or folder on the node, without `..`"),
    ReadWrite: z.boolean().default(false).describe("whether the task may write to it"),
    CreateAs: z
      .enum(["dir", "file", "noCreate"])
      .default("noCreate")
      .describe("what to create when the path does not exist; creating it needs the right to write"),
  })
  .meta({
    description:
      "Gives the task a file or folder of the node, without a copy. The node's operator allows paths with `allowListedLocalPaths`; a node without such a path does not bid.",
    example: {
      Engine: { Type: "docker", Params: { Image: "busybox:1.37.0", Parameters: ["ls", "/books"] } },
      InputSources: [{ Source: { Type: "local", Params: { SourcePath: "/data/books" } }, Target: "/books" }],
    },
  });
