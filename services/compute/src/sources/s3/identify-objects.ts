import { posix } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { isPrefix, type S3SourceParams, sourceParams } from "@shoal/proto";
import type { Reach } from "../../outbound/reach.ts";
import { openS3 } from "../../outbound/s3-client.ts";
import type { ContentIdentity, FetchRequest } from "../source.ts";
import { type ListedObject, listObjects } from "./list-objects.ts";

/** The checksum of the one object, or the store's ETags of all objects of the input. */
export async function identifyObjects(request: FetchRequest, reach: Reach): Promise<ContentIdentity | undefined> {
  const params = sourceParams.s3.parse(request.params);
  const { Bucket, Key, Region, Endpoint, VersionID, ChecksumSHA256 } = params;
  // The file's name is part of the input.
  if (ChecksumSHA256 !== "") return { key: JSON.stringify([ChecksumSHA256, posix.basename(Key)]), isDigest: true };
  let client: S3Client | undefined;
  try {
    client = await openS3({ endpoint: Endpoint, region: Region }, reach);
    const objects = isPrefix(Key)
      ? await listObjects({ ...request, client, params })
      : [{ key: Key, etag: await etagOf(client, params, request.signal) }];
    if (objects.some(({ etag }) => etag === "")) return undefined;
    return { key: JSON.stringify([Endpoint, Region, Bucket, Key, VersionID, objects]), isDigest: false };
  } catch {
    return undefined;
  } finally {
    client?.destroy();
  }
}

async function etagOf(client: S3Client, { Bucket, Key, VersionID }: S3SourceParams, abortSignal: AbortSignal) {
  const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
  const head = new HeadObjectCommand({ Bucket, Key, VersionId: VersionID || undefined });
  return (await client.send(head, { abortSignal })).ETag ?? "";
}

/** The objects of an identified input; undefined when it is not identified by them. */
export function objectsIn(identity: ContentIdentity | undefined): readonly ListedObject[] | undefined {
  if (identity === undefined || identity.isDigest) return undefined;
  return JSON.parse(identity.key).at(-1);
}
