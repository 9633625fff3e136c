import { z } from "zod";
import { imageReference } from "./image-reference.ts";

const word = z.string().refine((text) => !text.includes("\0"), "a zero byte cannot be passed to a program");
// Clients written in Go send null for an empty list.
const words = z
  .array(word)
  .nullish()
  .transform((list) => list ?? []);

/** What a docker task is told; its keys are the wire names. The image comes out with its tag written out. */
export const DockerParams = z.strictObject({
  Image: z
    .string()
    .transform((text, context) => {
      const image = imageReference(text);
      if (image !== undefined) return image;
      context.addIssue(`"${text.slice(0, 100)}" cannot name an image; write it like registry.example/team/tool:1.2`);
      return z.NEVER;
    })
    .describe("the image, pulled when the node does not have it"),
  Entrypoint: words.describe("replaces the image's own entry point when it is not empty"),
  Parameters: words.describe("what follows the entry point; replaces the image's own command when it is not empty"),
  EnvironmentVariables: z
    .array(word.regex(/^[^=]+=/, "an environment variable is written NAME=value"))
    .nullish()
    .transform((list) => list ?? [])
    .describe("NAME=value; the task's own Env wins"),
  WorkingDirectory: word
    .refine((path) => path === "" || path.startsWith("/"), "a working directory is absolute: it begins with /")
    .nullish()
    .transform((path) => path ?? "")
    .describe("absolute path inside the container; the image's own when it is empty"),
});
export type DockerParams = z.infer<typeof DockerParams>;
