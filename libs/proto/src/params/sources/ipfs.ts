import { z } from "zod";

/** The params of an input from IPFS; the keys are the wire names. */
export const IpfsSourceParams = z
  .strictObject({
    CID: z
      .string()
      .regex(/^(Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{8,120})$/, "expected a CID, such as bafybei… or Qm…")
      .describe("the CID of a file or a folder: version 0, or version 1 in base32"),
  })
  .meta({
    description:
      "Fetches a file or a folder of UnixFS through the IPFS node of the node's operator (`ipfs.connect`). Each block is checked against its CID. The target is the file, or gets the folder. Links in a folder are refused.",
    example: {
      Engine: { Type: "docker", Params: { Image: "busybox:1.37.0", Parameters: ["ls", "/in"] } },
      InputSources: [
        {
          Source: { Type: "ipfs", Params: { CID: "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354" } },
          Target: "/in",
        },
      ],
    },
  });
