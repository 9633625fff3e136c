import { z } from "zod";
import { dataUri } from "../data-uri.ts";

/** The params of an inline input; the keys are the wire names. */
export const InlineParams = z
  .strictObject({
    URL: z
      .string()
      .superRefine((text, context) => {
        const uri = dataUri(text);
        if (uri.mediaType === undefined) context.addIssue(uri.why);
      })
      .describe(
        "a `data:` URI; `application/gzip` is a tar archive that becomes a folder, any other type becomes a file",
      ),
  })
  .meta({
    description:
      "Creates the input from the job spec itself: a file, or a folder from an archive. For small inputs, since the spec is stored in the log. The task can only read it.",
    example: {
      Engine: { Type: "docker", Params: { Image: "busybox:1.37.0", Parameters: ["cat", "/in/text"] } },
      InputSources: [{ Source: { Type: "inline", Params: { URL: "data:,the log is the truth" } }, Target: "/in/text" }],
    },
  });
