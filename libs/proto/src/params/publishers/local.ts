import { z } from "zod";

/** The params of the publisher local: none. */
export const LocalPublisherParams = z.strictObject({}).meta({
  description:
    "Stores the results as one `tar.gz` on the node, which serves it over HTTP to every client that has the link, until it expires (`publishers.local.keepMs`, `publishers.local.keepBytes`). The result is of type `urlDownload` with the link `URL`.",
  example: {
    Engine: {
      Type: "docker",
      Params: { Image: "busybox:1.37.0", Entrypoint: ["/bin/sh", "-c"], Parameters: ["date > /out/date"] },
    },
    ResultPaths: [{ Name: "made", Path: "/out" }],
    Publisher: { Type: "local" },
  },
});
