import { z } from "zod";

/** The params of the publisher s3managed: none. */
export const S3ManagedParams = z.strictObject({}).meta({
  description:
    "Stores the results in the S3 bucket of the cluster (`results.s3managed` in the requesters' settings), so that nodes need no credentials: a requester gives the node a URL for one upload of one archive, `<prefix>/<job>/<execution>.tar.gz`. The archive is written to the node's disk first, because S3 needs its size; 5 GiB is the limit of one upload. Clients get a presigned URL.",
  example: {
    Engine: {
      Type: "docker",
      Params: { Image: "busybox:1.37.0", Entrypoint: ["/bin/sh", "-c"], Parameters: ["date > /out/date"] },
    },
    ResultPaths: [{ Name: "made", Path: "/out" }],
    Publisher: { Type: "s3managed" },
  },
});
