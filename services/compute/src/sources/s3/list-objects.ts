import type { S3Client } from "@aws-sdk/client-s3";
import { Fault, partitionOfObject } from "@shoal/core";
import { type Match, matchesOf } from "../../outbound/bounded-pattern.ts";
import { s3Refusal } from "../../outbound/s3-client.ts";
import type { FetchRequest } from "../source.ts";
import { isPrefix, type S3SourceParams } from "./params.ts";

// A hundred pages of S3: some 10 s, and 10 MB of keys.
const listedMax = 100_000;
// The same as of an archive: each costs the node a few file system calls.
const chosenMax = 10_000;

export interface ListRequest extends Pick<FetchRequest, "partition" | "signal"> {
  readonly client: S3Client;
  readonly params: S3SourceParams;
}

/** The keys of the objects that this partition gets. Throws a Fault for more than 100,000 of them, or 10,000 to fetch. */
export async function listObjects(request: ListRequest): Promise<readonly string[]> {
  const { params, partition } = request;
  const listed = isPrefix(params.Key) ? await allKeys(request) : [params.Key];
  const filtered = listed.filter(matching(params.Filter, listed));
  const {
    Type: type,
    Pattern: pattern,
    StartIndex: startIndex,
    EndIndex: endIndex,
    DateFormat: dateFormat,
  } = params.Partition;
  const rule = { type, pattern, startIndex, endIndex, dateFormat };
  const by = { partition: rule, prefix: isPrefix(params.Key) ? params.Key : "", count: partition.count };
  const keys =
    partition.count === 1
      ? filtered
      : filtered.filter((key) => {
          const match = (text: string): Match => matchesOf(pattern, [text])[0] ?? null;
          return [undefined, partition.index].includes(partitionOfObject(key, { ...by, match }));
        });
  if (keys.length > chosenMax) throw tooMany(params, chosenMax);
  return keys;
}

function matching(pattern: string, keys: readonly string[]): (key: string, index: number) => boolean {
  if (pattern === "") return () => true;
  const matches = matchesOf(pattern, keys);
  return (_, index) => matches[index] !== null;
}

const tooMany = ({ Bucket, Key }: S3SourceParams, max: number): Fault =>
  new Fault("TOO_LARGE", `s3://${Bucket}/${Key} has more than ${max} objects: use a longer key, or partitions`);

async function allKeys({ client, params, signal }: ListRequest): Promise<readonly string[]> {
  const { ListObjectsV2Command } = await import("@aws-sdk/client-s3");
  const { Bucket, Key } = params;
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const next = new ListObjectsV2Command({ Bucket, Prefix: Key.replace(/\*$/, ""), ContinuationToken: token });
    const page = await client.send(next, { abortSignal: signal }).catch((failure: unknown) => {
      throw s3Refusal(failure, `s3://${Bucket}/${Key}`, "INPUT_UNAVAILABLE") ?? failure;
    });
    // A key with / at its end stands for a folder, and has no content.
    for (const { Key: key = "" } of page.Contents ?? []) if (!key.endsWith("/")) keys.push(key);
    if (keys.length > listedMax) throw tooMany(params, listedMax);
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys;
}
