import { z } from "zod";

/** The params of the publisher s3; the keys are the wire names. */
export const S3PublisherParams = z
  .strictObject({
    Bucket: z.string().min(1).describe("the bucket"),
    Key: z
      .string()
      .min(1)
      .transform((key) => key.replace(/^\/+/, ""))
      .describe(
        "the key, in which `{jobID}`, `{executionID}`, `{nodeID}`, `{date}` and `{time}` (UTC, of the end of the task) are replaced; gzip adds `.tar.gz`, plain uses it as a folder",
      ),
    Endpoint: z
      .union([z.literal(""), z.url({ protocol: /^https?$/ })])
      .default("")
      .describe("the URL of a store other than AWS"),
    Region: z.string().default("").describe("the region; empty selects that of the node's environment"),
    Encoding: z
      .enum(["gzip", "plain"])
      .default("gzip")
      .describe("gzip stores one archive, plain an object for each file, without links and empty folders"),
  })
  .meta({
    description:
      "Stores the results in an S3 store with the node's own credentials (the default chain of the AWS SDK), in parts, so that results of any size need little memory. Use `{executionID}` in the key: executions with the same key overwrite each other. The result is of type `s3` with `Bucket`, `Key`, `Region` and `Endpoint`.",
    example: {
      Engine: {
        Type: "docker",
        Params: { Image: "busybox:1.37.0", Entrypoint: ["/bin/sh", "-c"], Parameters: ["date > /out/date"] },
      },
      ResultPaths: [{ Name: "made", Path: "/out" }],
      Publisher: { Type: "s3", Params: { Bucket: "results", Key: "shoal/{jobID}/{executionID}" } },
    },
  });
