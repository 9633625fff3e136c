import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { causeOf, Fault } from "@shoal/core";
import { isPrefix, type S3SourceParams, sourceParams } from "@shoal/proto";
import { diskFault, isDiskFull } from "../../disk-fault.ts";
import { type BucketList, unlistedBucket } from "../../outbound/bucket-list.ts";
import type { DownloadPorts } from "../../outbound/download.ts";
import { type Reach, unreachableUrl } from "../../outbound/reach.ts";
import { openS3, s3Refusal, s3StatusOf } from "../../outbound/s3-client.ts";
import { fetchObjects, type ObjectInput } from "../fetch-objects.ts";
import { ContentChanged, type ContentIdentity, type Source } from "../source.ts";
import { identifyObjects, objectsIn } from "./identify-objects.ts";
import { type ListedObject, listObjects } from "./list-objects.ts";

export interface S3SourceOptions extends DownloadPorts {
  readonly reach: Reach;
  /** The buckets that jobs may read; empty allows every bucket. */
  readonly buckets?: BucketList;
}

const setting = "sources.s3.buckets";

/** Fetches objects of an S3 store. */
export function s3({ reach, buckets = [], ...ports }: S3SourceOptions): Source {
  const problemOf = (bucket: string, namespace?: string) =>
    buckets.length === 0 ? undefined : unlistedBucket(buckets, { bucket, namespace, setting });
  return {
    name: "s3",
    params: sourceParams.s3,
    unavailable: async () => undefined,
    async refuses(params) {
      const { Bucket, Endpoint } = sourceParams.s3.parse(params);
      return problemOf(Bucket) ?? (Endpoint === "" ? undefined : unreachableUrl(new URL(Endpoint), reach));
    },
    async identify(request) {
      // What may not be read must not come from the cache either.
      const { Bucket } = sourceParams.s3.parse(request.params);
      return problemOf(Bucket, request.namespace) === undefined ? identifyObjects(request, reach) : undefined;
    },
    async fetch(request) {
      const params = sourceParams.s3.parse(request.params);
      if (request.signal.aborted) throw stopped(params);
      const unlisted = problemOf(params.Bucket, request.namespace);
      if (unlisted !== undefined) throw new Fault("INPUT_UNAVAILABLE", unlisted);
      const client = await openS3({ endpoint: params.Endpoint, region: params.Region }, reach);
      try {
        return await fetchObjects(ports, request, {
          objects: objectsIn(request.identity) ?? (await listObjects({ ...request, client, params })),
          key: params.Key,
          isPrefix: isPrefix(params.Key),
          shown: (key) => `s3://${params.Bucket}/${key}`,
          sha256Of: () => Buffer.from(params.ChecksumSHA256, "base64").toString("hex"),
          open: opener(client, params, request.identity),
        });
      } catch (failure) {
        if (failure instanceof Fault) throw failure;
        if (isDiskFull(failure)) throw diskFault(request.folder, failure);
        if (request.signal.aborted) throw stopped(params);
        const why = `s3://${params.Bucket}/${params.Key}: ${causeOf(failure).why}`;
        throw new Fault("INPUT_UNAVAILABLE", why, { cause: failure });
      } finally {
        client.destroy();
      }
    },
    close: async () => {},
  };
}

const stopped = ({ Bucket, Key }: S3SourceParams): Fault =>
  new Fault("STOPPED", `fetching s3://${Bucket}/${Key} was aborted`);

type Opener = ObjectInput<ListedObject>["open"];

function opener(client: S3Client, { Bucket, VersionID }: S3SourceParams, identity?: ContentIdentity): Opener {
  return async ({ key, etag }, headers, abortSignal) => {
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    const expected = identity === undefined || etag === "" ? undefined : etag;
    const { range: Range, "if-range": IfMatch = expected } = headers;
    const command = new GetObjectCommand({ Bucket, Key: key, VersionId: VersionID || undefined, Range, IfMatch });
    try {
      const { Body, ETag, ContentRange, ContentLength, $metadata } = await client.send(command, { abortSignal });
      if (!(Body instanceof Readable)) throw new Error("answered without a body");
      const sizes = { "content-range": ContentRange, "content-length": ContentLength?.toString() };
      return { statusCode: $metadata.httpStatusCode ?? 0, headers: { etag: ETag, ...sizes }, body: Body };
    } catch (failure) {
      const changed = Range !== undefined && [412, 416].includes(s3StatusOf(failure) ?? 0);
      if (changed) return { statusCode: 416, headers: {}, body: Readable.from([]) };
      if (s3StatusOf(failure) === 412) throw new ContentChanged(`s3://${Bucket}/${key}`);
      throw s3Refusal(failure, `s3://${Bucket}/${key}`, "INPUT_UNAVAILABLE") ?? failure;
    }
  };
}
