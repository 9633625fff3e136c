import { createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { Fault, type UploadClient } from "@shoal/core";
import { publisherParams } from "@shoal/proto";
import { diskFault } from "../../disk-fault.ts";
import { put } from "../../outbound/put.ts";
import type { Reach } from "../../outbound/reach.ts";
import { archive } from "../archive/archive.ts";
import type { Publisher, PublishRequest } from "../publisher.ts";

const S3ManagedParams = publisherParams.s3managed;

export interface S3ManagedOptions {
  readonly uploads: UploadClient;
  readonly reach: Reach;
  /** Limit of all files of one result together, in bytes. */
  readonly limitBytes: number;
}

// S3's limit for one PUT.
const uploadMaxBytes = 5 * 1024 ** 3;
// A requester reads one job from the log for its answer; the retries of publishing cover a longer outage.
const answerMs = 5_000;

/** Stores results in the cluster's own bucket, with a URL that a requester signs for this execution. */
export function s3managed({ uploads, reach, limitBytes }: S3ManagedOptions): Publisher {
  async function publish({ executionId, jobId, namespace, folder, signal }: PublishRequest) {
    const path = `${folder}-${executionId}.tar.gz`;
    try {
      const sizeBytes = await pack({ folder, path, signal, limitBytes });
      const answer = await uploads.upload({ executionId, jobId, namespace }, answerMs);
      if (answer === undefined) throw new Fault("PUBLISH_FAILED", "no requester answered where to store the results");
      if (!answer.granted) throw new Fault("PUBLISH_FAILED", `the requester granted no upload: ${answer.why}`);
      await put({ url: new URL(answer.url), path, sizeBytes, reach, signal });
      return { type: "s3managed", params: { Bucket: answer.bucket, Key: answer.key } };
    } finally {
      await rm(path, { force: true });
    }
  }
  return {
    name: "s3managed",
    params: S3ManagedParams,
    unavailable: async () => undefined,
    publish,
    close: async () => {},
  };
}

interface Packing {
  readonly folder: string;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly limitBytes: number;
}

/** Writes the archive to a file, and returns its size. */
async function pack({ folder, path, signal, limitBytes }: Packing): Promise<number> {
  try {
    await pipeline(archive(folder, { limitBytes, signal }), createWriteStream(path, { mode: 0o600 }));
  } catch (failure) {
    throw diskFault(path, failure, "PUBLISH_FAILED");
  }
  const { size } = await stat(path);
  if (size <= uploadMaxBytes) return size;
  throw new Fault("RESULTS_TOO_LARGE", `the archive has ${size} bytes, and one upload takes ${uploadMaxBytes}`);
}
