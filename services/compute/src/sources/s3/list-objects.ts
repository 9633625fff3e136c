import type { S3Client } from "@aws-sdk/client-s3";
import { Fault, partitionOfObject } from "@shoal/core";
import { isPrefix, type S3SourceParams } from "@shoal/proto";
import { type Match, matchesOf } from "../../outbound/bounded-pattern.ts";
import { s3Refusal } from "../../outbound/s3-client.ts";
import type { FetchRequest } from "../source.ts";

// A hundred pages of S3: some 10 s, and 10 MB of keys.
const listedMax = 100_000;
// The same as of an archive: each costs the node a few file system calls.
const chosenMax = 10_000;

export interface ListRequest extends Pick<FetchRequest, "partition" | "signal"> {
  readonly client: S3Client;
  readonly params: S3SourceParams;
}

/** An object of a listing. */
export interface ListedObject {
  readonly key: string;
  /** Changes with the content; empty for the one object that the source names, which is not listed. */
  readonly etag: string;
}

/** The objects that this partition gets. Throws a Fault for more than 100,000 of them, or 10,000 to fetch. */
export async function listObjects(request: ListRequest): Promise<readonly ListedObject[]> {
  const { params, partition } = request;
  const listed = isPrefix(params.Key) ? await allObjects(request) : [{ key: params.Key, etag: "" }];
  const allKeys = listed.map(({ key }) => key);
  const filtered = listed.filter(matching(params.Filter, allKeys));
  const {
    Type: type,
    Pattern: pattern,
    StartIndex: startIndex,
    EndIndex: endIndex,
    DateFormat: dateFormat,
  } = params.Partition;
  const rule = { type, pattern, startIndex, endIndex, dateFormat };
  const by = { partition: rule, prefix: isPrefix(params.Key) ? params.Key : "", count: partition.count };
  const objects =
    partition.count === 1
      ? filtered
      : filtered.filter(({ key }) => {
          const match = (text: string): Match => matchesOf(pattern, [text])[0] ?? null;
          return [undefined, partition.index].includes(partitionOfObject(key, { ...by, match }));
        });
  if (objects.length > chosenMax) throw tooMany(params, chosenMax);
  return objects;
}

function matching(pattern: string, keys: readonly string[]): (_: unknown, index: number) => boolean {
  if (pattern === "") return () => true;
  const matches = matchesOf(pattern, keys);
  return (_, index) => matches[index] !== null;
}

const tooMany = ({ Bucket, Key }: S3SourceParams, max: number): Fault =>
  new Fault("TOO_LARGE", `s3://${Bucket}/${Key} has more than ${max} objects: use a longer key, or partitions`);

async function allObjects({ client, params, signal }: ListRequest): Promise<readonly ListedObject[]> {
  const { ListObjectsV2Command } = await import("@aws-sdk/client-s3");
  const { Bucket, Key } = params;
  const objects: ListedObject[] = [];
  let token: string | undefined;
  do {
    const next = new ListObjectsV2Command({ Bucket, Prefix: Key.replace(/\*$/, ""), ContinuationToken: token });
    const page = await client.send(next, { abortSignal: signal }).catch((failure: unknown) => {
      throw s3Refusal(failure, `s3://${Bucket}/${Key}`, "INPUT_UNAVAILABLE") ?? failure;
    });
    // A key with / at its end stands for a folder, and has no content.
    for (const { Key: key = "", ETag: etag = "" } of page.Contents ?? [])
      if (!key.endsWith("/")) objects.push({ key, etag });
    if (objects.length > listedMax) throw tooMany(params, listedMax);
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return objects;
}
