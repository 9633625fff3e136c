import { z } from "zod";

/** The params of the publisher ipfs: none. */
export const IpfsPublisherParams = z.strictObject({}).meta({
  description:
    "Adds the results as a folder to the IPFS node of the node's operator (`ipfs.connect`), which pins it; without links. The result is of type `ipfs` with `CID`, which the source `ipfs` of another job takes.",
  example: {
    Engine: {
      Type: "docker",
      Params: { Image: "busybox:1.37.0", Entrypoint: ["/bin/sh", "-c"], Parameters: ["date > /out/date"] },
    },
    ResultPaths: [{ Name: "made", Path: "/out" }],
    Publisher: { Type: "ipfs" },
  },
});
