import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { causeOf, Fault } from "@shoal/core";
import { publisherParams } from "@shoal/proto";
import type { z } from "zod";
import { type BucketList, unlistedBucket } from "../../outbound/bucket-list.ts";
import { type Reach, unreachableUrl } from "../../outbound/reach.ts";
import { openS3, s3Refusal } from "../../outbound/s3-client.ts";
import { archive, openResult } from "../archive/archive.ts";
import { walk } from "../archive/walk.ts";
import type { Publisher, PublishRequest } from "../publisher.ts";
import { PartBuffers, type UploadTarget, upload } from "./upload.ts";

const S3PublisherParams = publisherParams.s3;
type S3PublisherParams = z.infer<typeof S3PublisherParams>;

export interface S3PublisherOptions {
  readonly reach: Reach;
  /** The buckets that jobs may write; empty allows every bucket. */
  readonly buckets?: BucketList;
  /** Limit of all files of one result together, in bytes. */
  readonly limitBytes: number;
}

// S3 accepts 10,000 parts of at least 5 MiB. The rest of the parts is for the headers of an archive.
const partMinBytes = 5 * 1024 * 1024;
const partsMax = 9_000;

/** Stores results in an S3 store, as one archive or file by file. */
export function s3({ reach, buckets = [], limitBytes }: S3PublisherOptions): Publisher {
  const problemOf = (bucket: string, namespace?: string) =>
    buckets.length === 0 ? undefined : unlistedBucket(buckets, { bucket, namespace, setting: "publishers.s3.buckets" });
  return {
    name: "s3",
    params: S3PublisherParams,
    unavailable: async () => undefined,
    refuses(params) {
      const { Bucket, Endpoint } = S3PublisherParams.parse(params);
      return problemOf(Bucket) ?? (Endpoint === "" ? undefined : unreachableUrl(new URL(Endpoint), reach));
    },
    async publish(request) {
      const params = S3PublisherParams.parse(request.params);
      const { Bucket, Endpoint, Region } = params;
      const unlisted = problemOf(Bucket, request.namespace);
      if (unlisted !== undefined) throw new Fault("TASK_INVALID", unlisted);
      const refused = Endpoint === "" ? undefined : unreachableUrl(new URL(Endpoint), reach);
      if (refused !== undefined) throw new Fault("PUBLISH_FAILED", `the S3 endpoint ${Endpoint}: ${refused}`);
      const client = await openS3({ endpoint: Endpoint, region: Region }, reach);
      try {
        const key = await keyOf(params.Key, request);
        const Key = await stores[params.Encoding]({ client, Bucket, key, limitBytes, request });
        return { type: "s3", params: { Bucket, Key, Region, Endpoint } };
      } catch (failure) {
        if (failure instanceof Fault) throw failure;
        const shown = `s3://${Bucket}/${params.Key}`;
        const other = () =>
          new Fault("PUBLISH_FAILED", `the results were not stored at ${shown}: ${causeOf(failure).why}`, {
            cause: failure,
          });
        throw s3Refusal(failure, `the results were not stored at ${shown}`, "PUBLISH_FAILED") ?? other();
      } finally {
        client.destroy();
      }
    },
    close: async () => {},
  };
}

/** Fills in the key. Date and time are those of the end of the task, so that a second attempt uses the same key. */
async function keyOf(key: string, { jobId, executionId, nodeId, folder }: PublishRequest): Promise<string> {
  const ended = (await stat(join(folder, "exitCode")).catch(() => stat(folder))).mtime.toISOString();
  const [date = "", time = ""] = ended.replaceAll(/[-:]/g, "").split(/[T.]/);
  const values: Readonly<Record<string, string>> = {
    jobID: jobId,
    executionID: executionId,
    nodeID: nodeId,
    date,
    time,
  };
  return key.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  );
}

interface Storing {
  readonly client: S3Client;
  readonly Bucket: string;
  readonly key: string;
  readonly limitBytes: number;
  readonly request: PublishRequest;
}

const buffersFor = (limitBytes: number): PartBuffers =>
  new PartBuffers(Math.max(partMinBytes, Math.ceil(limitBytes / partsMax)));

const placeOf = ({ client, Bucket, request: { signal } }: Storing, Key: string): UploadTarget => ({
  ...{ client, Bucket, Key, signal },
});

const stores: Readonly<Record<S3PublisherParams["Encoding"], (storing: Storing) => Promise<string>>> = {
  async gzip(storing) {
    const { key, limitBytes, request } = storing;
    const Key = key.endsWith(".tar.gz") ? key : `${key}.tar.gz`;
    const packed = archive(request.folder, { limitBytes, signal: request.signal });
    await upload(placeOf(storing, Key), packed, buffersFor(limitBytes));
    return Key;
  },
  async plain(storing) {
    const { limitBytes, request } = storing;
    const folder = storing.key.replace(/\/*$/, "/");
    const buffers = buffersFor(limitBytes);
    for (const entry of await walk(request.folder, { limitBytes, signal: request.signal })) {
      if (entry.kind !== "file") continue;
      const file = await openResult(entry.hostPath);
      // Ends where the file ended when its size was checked.
      const bytes = file.createReadStream({ end: Math.max(0, entry.sizeBytes - 1) });
      await upload(placeOf(storing, `${folder}${entry.path}`), bytes, buffers);
    }
    return folder;
  },
};
