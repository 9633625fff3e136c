import { z } from "zod";
import { imageReference } from "../image-reference.ts";

const word = z.string().refine((text) => !text.includes("\0"), "must not contain a zero byte");
// Clients written in Go send null for an empty list.
const words = z
  .array(word)
  .nullish()
  .transform((list) => list ?? []);

/** The params of a docker task; the keys are the wire names. Parsing writes out the tag of the image. */
export const DockerParams = z
  .strictObject({
    Image: z
      .string()
      .transform((text, context) => {
        const image = imageReference(text);
        if (image !== undefined) return image;
        context.addIssue(
          `"${text.slice(0, 100)}" is not an image reference; write it like registry.example/team/tool:1.2`,
        );
        return z.NEVER;
      })
      .describe(
        "the image, as `registry.example/team/tool:1.2`; `latest` without tag and digest; pulled when the node does not have it",
      ),
    Entrypoint: words.describe("replaces the image's entry point when it is not empty"),
    Parameters: words.describe("arguments of the entry point; replaces the image's command when it is not empty"),
    EnvironmentVariables: z
      .array(word.regex(/^[^=]+=/, "expected NAME=value"))
      .nullish()
      .transform((list) => list ?? [])
      .describe("environment variables as `NAME=value`; those of the task's `Env` take precedence"),
    WorkingDirectory: word
      .refine((path) => path === "" || path.startsWith("/"), "a working directory must be an absolute path")
      .nullish()
      .transform((path) => path ?? "")
      .describe("absolute path inside the container; the image's when it is empty"),
  })
  .meta({
    description:
      "Runs a container on the node's Docker engine. The container has no capabilities beyond those that the node's operator allows, and CPU, memory and processes are limited. Inputs and result paths are mounted.",
    example: {
      Engine: {
        Type: "docker",
        Params: { Image: "busybox:1.37.0", Entrypoint: ["/bin/sh", "-c"], Parameters: ["wc -l /in/* > /out/lines"] },
      },
      InputSources: [{ Source: { Type: "local", Params: { SourcePath: "/data/books" } }, Target: "/in" }],
      ResultPaths: [{ Name: "lines", Path: "/out" }],
      Publisher: { Type: "nats" },
    },
  });
