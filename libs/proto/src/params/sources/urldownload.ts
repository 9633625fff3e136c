import { z } from "zod";

/** The params of a download over HTTP; the keys are the wire names. */
export const UrlDownloadParams = z
  .strictObject({
    URL: z
      .url({ protocol: /^https?$/, error: "expected an http or https URL" })
      .describe("an `http` or `https` URL; at most 10 redirects are followed, and none from https to http"),
    ChecksumSHA256: z
      .string()
      .regex(/^([0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)?$/, "expected a SHA-256 in hex or base64")
      .default("")
      .describe("the SHA-256 of the file, in hex or base64; the task does not start with any other file"),
  })
  .meta({
    description:
      "Downloads a file over HTTP. The last part of the URL's path is appended to the target as the file's name. A download that breaks off continues where it was; the bytes are stored as the server sends them. A node does not connect to its own machine or to link-local addresses unless its settings `outbound.loopback` and `outbound.linkLocal` allow it.",
    example: {
      Engine: { Type: "docker", Params: { Image: "busybox:1.37.0", Parameters: ["cat", "/in/text.txt"] } },
      InputSources: [
        { Source: { Type: "urldownload", Params: { URL: "https://example.org/data/text.txt" } }, Target: "/in" },
      ],
    },
  });
