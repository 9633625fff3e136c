import { z } from "zod";

/** The params of the publisher nats: none. */
export const NatsPublisherParams = z.strictObject({}).meta({
  description:
    "Stores the results as one `tar.gz` in an object store in NATS. A client downloads them through a requester, so the node opens no port. The result is of type `nats` with `Bucket`, `Object`, `SizeBytes` and `Digest`; the API shows it as `urlDownload` with the link `URL`.",
  example: {
    Engine: {
      Type: "docker",
      Params: { Image: "busybox:1.37.0", Entrypoint: ["/bin/sh", "-c"], Parameters: ["date > /out/date"] },
    },
    ResultPaths: [{ Name: "made", Path: "/out" }],
    Publisher: { Type: "nats" },
  },
});
