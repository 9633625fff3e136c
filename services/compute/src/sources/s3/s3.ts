import { mkdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { causeOf, Fault } from "@shoal/core";
import { isPrefix, type S3SourceParams, sourceParams } from "@shoal/proto";
import { diskFault, isDiskFull } from "../../disk-fault.ts";
import { type BucketList, unlistedBucket } from "../../outbound/bucket-list.ts";
import { type DownloadPorts, download, type GetAnswer } from "../../outbound/download.ts";
import { type Reach, unreachableUrl } from "../../outbound/reach.ts";
import { openS3, s3Refusal, s3StatusOf } from "../../outbound/s3-client.ts";
import { ContentChanged, type Fetched, type FetchRequest, type Source } from "../source.ts";
import { identifyObjects, objectsIn } from "./identify-objects.ts";
import { type ListedObject, listObjects } from "./list-objects.ts";

export interface S3SourceOptions extends DownloadPorts {
  readonly reach: Reach;
  /** The buckets that jobs may read; empty allows every bucket. */
  readonly buckets?: BucketList;
}

const setting = "sources.s3.buckets";
// Enough to hide the round trips of small objects, few beside the connections that stores allow.
const concurrent = 8;
const contentName = "content";
// What a folder takes on ext4, as for archives.
const folderBytes = 4_096;

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
        return await new S3Fetch(ports, request, { client, params }).run();
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

interface S3Input {
  readonly client: S3Client;
  readonly params: S3SourceParams;
}

class S3Fetch {
  readonly #ports: DownloadPorts;
  readonly #request: FetchRequest;
  readonly #input: S3Input;

  constructor(ports: DownloadPorts, request: FetchRequest, input: S3Input) {
    this.#ports = ports;
    this.#request = request;
    this.#input = input;
  }

  async run(): Promise<Fetched> {
    const { folder, signal } = this.#request;
    const { params } = this.#input;
    const objects = objectsIn(this.#request.identity) ?? (await listObjects({ ...this.#request, ...this.#input }));
    const [first] = objects;
    const hostPath = join(folder, contentName);
    if (!isPrefix(params.Key) && first !== undefined) {
      const sizeBytes = await this.#get(first, hostPath, signal);
      return { hostPath, readOnly: true, sizeBytes, name: posix.basename(relative(params.Key, params)) };
    }
    await mkdir(hostPath);
    return { hostPath, readOnly: true, sizeBytes: await this.#getAll(objects, hostPath) };
  }

  /** Fetches objects concurrently. The first failure ends the others, and is thrown when all of them have ended. */
  async #getAll(objects: readonly ListedObject[], folder: string): Promise<number> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#request.signal, failed.signal]);
    const queue = objects.values();
    let totalBytes = 0;
    const worker = async () => {
      for (const object of queue) {
        if (signal.aborted) return;
        const path = join(folder, relative(object.key, this.#input.params));
        const ownBytes = (await this.#makeFolders(dirname(path), folder)) + (await this.#get(object, path, signal));
        // Added after the waiting: the other workers add meanwhile.
        totalBytes += ownBytes;
      }
    };
    const workers = Array.from({ length: concurrent }, () => worker().catch((failure) => failed.abort(failure)));
    await Promise.all(workers);
    if (failed.signal.aborted) throw failed.signal.reason;
    this.#request.signal.throwIfAborted();
    return totalBytes;
  }

  readonly #folders = new Set<string>();

  async #makeFolders(path: string, root: string): Promise<number> {
    let bytes = 0;
    for (let each = path; each !== root && !this.#folders.has(each); each = dirname(each)) {
      this.#folders.add(each);
      this.#request.room.take(folderBytes);
      bytes += folderBytes;
    }
    await mkdir(path, { recursive: true });
    return bytes;
  }

  async #get(object: ListedObject, path: string, signal: AbortSignal): Promise<number> {
    const { Bucket, ChecksumSHA256 } = this.#input.params;
    const shown = `s3://${Bucket}/${object.key}`;
    const sha256 = Buffer.from(ChecksumSHA256, "base64").toString("hex");
    const open = (headers: Readonly<Record<string, string>>, stop: AbortSignal) => this.#open(object, headers, stop);
    return await download(this.#ports, { shown, path, sha256, signal, room: this.#request.room, open });
  }

  async #open(
    { key, etag }: ListedObject,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<GetAnswer> {
    const { client, params } = this.#input;
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    const { Bucket, VersionID } = params;
    const expected = this.#request.identity === undefined || etag === "" ? undefined : etag;
    const { range: Range, "if-range": IfMatch = expected } = headers;
    const command = new GetObjectCommand({ Bucket, Key: key, VersionId: VersionID || undefined, Range, IfMatch });
    try {
      const { Body, ETag, ContentRange, ContentLength, $metadata } = await client.send(command, {
        abortSignal: signal,
      });
      if (!(Body instanceof Readable)) throw new Error("answered without a body");
      const sizes = { "content-range": ContentRange, "content-length": ContentLength?.toString() };
      return { statusCode: $metadata.httpStatusCode ?? 0, headers: { etag: ETag, ...sizes }, body: Body };
    } catch (failure) {
      const changed = Range !== undefined && [412, 416].includes(s3StatusOf(failure) ?? 0);
      if (changed) return { statusCode: 416, headers: {}, body: Readable.from([]) };
      if (s3StatusOf(failure) === 412) throw new ContentChanged(`s3://${Bucket}/${key}`);
      throw s3Refusal(failure, `s3://${Bucket}/${key}`, "INPUT_UNAVAILABLE") ?? failure;
    }
  }
}

/** The path of an object below the last folder of the source's key. Throws a Fault for one that leads elsewhere. */
function relative(key: string, { Bucket, Key }: S3SourceParams): string {
  const path = key.slice(Key.lastIndexOf("/") + 1);
  const unusable = path.split("/").some((step) => ["", ".", ".."].includes(step) || step.includes("\0"));
  if (unusable) throw new Fault("INPUT_UNAVAILABLE", `s3://${Bucket}/${key}: the key is not a path of a file`);
  return path;
}
