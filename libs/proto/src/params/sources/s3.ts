import { z } from "zod";

/** True when a text is a valid regular expression. */
function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

// Longer than any pattern that a person writes.
const patternMaxChars = 1_024;
const pattern = z.string().max(patternMaxChars).refine(isPattern, "expected a regular expression").default("");
const index = z.int().min(0).default(0);

const Partition = z.strictObject({
  Type: z
    .enum(["none", "object", "regex", "substring", "date"])
    .default("none")
    .describe("what of an object's key, without the source's key, selects its partition; with none each gets all"),
  Pattern: pattern.describe("for regex: its groups, or its whole match, select the partition"),
  StartIndex: index.describe("for substring and date: the first character"),
  EndIndex: index.describe("for substring and date: the character after the last one"),
  DateFormat: z.string().max(64).default("2006-01-02").describe("for date: a layout as in Go, such as 2006-01-02"),
});

/** True for a key that names all objects below it. */
export const isPrefix = (key: string): boolean => key === "" || key.endsWith("*") || key.endsWith("/");

/** The params of an S3 input; the keys are the wire names. */
export const S3SourceParams = z
  .strictObject({
    Bucket: z.string().min(1).describe("the bucket"),
    Key: z
      .string()
      .default("")
      .transform((key) => key.replace(/^\/+/, ""))
      .describe("the key of one object, or with `*` or `/` at its end what the keys of all objects begin with"),
    Filter: pattern.describe("a regular expression that keys must match"),
    Region: z.string().default("").describe("the region; empty selects that of the node's environment"),
    Endpoint: z
      .union([z.literal(""), z.url({ protocol: /^https?$/ })])
      .default("")
      .describe("the URL of a store other than AWS"),
    VersionID: z.string().default("").describe("a version of the one object"),
    ChecksumSHA256: z
      .string()
      .regex(/^([A-Za-z0-9+/]{43}=)?$/, "expected a SHA-256 in base64")
      .default("")
      .describe("the SHA-256 of the one object, in base64"),
    Partition: Partition.prefault({}).describe("how the objects are divided among the partitions of the job"),
  })
  .refine(
    ({ Key, VersionID, ChecksumSHA256 }) => !isPrefix(Key) || (VersionID === "" && ChecksumSHA256 === ""),
    "VersionID and ChecksumSHA256 belong to one object, and Key names several",
  )
  .meta({
    description:
      "Fetches objects of an S3 store with the node's own credentials (the default chain of the AWS SDK). One object keeps its name inside the target; of several, the target gets a folder with what follows the last `/` of `Key`. The endpoint is checked as the URL of `urldownload` is.",
    example: {
      Engine: { Type: "docker", Params: { Image: "busybox:1.37.0", Parameters: ["ls", "/in"] } },
      InputSources: [
        { Source: { Type: "s3", Params: { Bucket: "data", Key: "2026/*", Region: "eu-west-1" } }, Target: "/in" },
      ],
    },
  });
export type S3SourceParams = z.infer<typeof S3SourceParams>;
