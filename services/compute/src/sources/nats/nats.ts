import { Readable } from "node:stream";
import { causeOf, Fault } from "@shoal/core";
import type { ObjectInfo, ObjectReader } from "@shoal/nats";
import { sourceParams } from "@shoal/proto";
import type { z } from "zod";
import { diskFault, isDiskFull } from "../../disk-fault.ts";
import { type BucketList, unlistedBucket } from "../../outbound/bucket-list.ts";
import type { DownloadPorts } from "../../outbound/download.ts";
import { fetchObjects, type ObjectInput } from "../fetch-objects.ts";
import { ContentChanged, type ContentIdentity, type FetchRequest, type Source } from "../source.ts";

const NatsSourceParams = sourceParams.nats;
type NatsSourceParams = z.infer<typeof NatsSourceParams>;

export interface NatsSourceOptions extends DownloadPorts {
  readonly objects: ObjectReader;
  /** The buckets that jobs may read; empty allows none. */
  readonly buckets: BucketList;
}

const setting = "sources.nats.buckets";
// The same as of S3: each costs the node a request and a few file system calls.
const chosenMax = 10_000;

const isPrefix = (key: string): boolean => key === "" || key.endsWith("*") || key.endsWith("/");
const shownOf = ({ Bucket, Key }: NatsSourceParams, key = Key): string => `object ${key} of bucket ${Bucket}`;

/** An object of an input, with the digest that identifies its content. */
interface NatsObject {
  readonly key: string;
  readonly digest: string;
}

/** Fetches objects of an object store in NATS. */
export function nats({ objects, buckets, ...ports }: NatsSourceOptions): Source {
  const problemOf = (bucket: string, namespace?: string) => unlistedBucket(buckets, { bucket, namespace, setting });
  return {
    name: "nats",
    params: NatsSourceParams,
    unavailable: async () => (buckets.length === 0 ? `${setting} lists no bucket` : undefined),
    refuses: async (params) => problemOf(NatsSourceParams.parse(params).Bucket),
    async identify(request) {
      const params = NatsSourceParams.parse(request.params);
      // What may not be read must not come from the cache either.
      if (problemOf(params.Bucket, request.namespace) !== undefined) return undefined;
      const chosen = await chosenObjects(objects, params).catch(() => undefined);
      return chosen && { key: JSON.stringify([params.Bucket, params.Key, chosen]), isDigest: false };
    },
    async fetch(request) {
      const params = NatsSourceParams.parse(request.params);
      if (request.signal.aborted) throw stopped(params);
      const unlisted = problemOf(params.Bucket, request.namespace);
      if (unlisted !== undefined) throw new Fault("INPUT_UNAVAILABLE", unlisted);
      try {
        return await fetchObjects(ports, request, {
          objects: objectsIn(request.identity) ?? (await chosenObjects(objects, params)),
          key: params.Key,
          isPrefix: isPrefix(params.Key),
          shown: (key) => shownOf(params, key),
          sha256Of: ({ digest }) => Buffer.from(digest.replace(/^SHA-256=/, ""), "base64url").toString("hex"),
          open: opener(objects, params),
        });
      } catch (failure) {
        throw faultOf(failure, params, request);
      }
    },
    close: async () => {},
  };
}

const stopped = (params: NatsSourceParams): Fault => new Fault("STOPPED", `fetching ${shownOf(params)} was aborted`);

function faultOf(failure: unknown, params: NatsSourceParams, { folder, signal }: FetchRequest): Fault {
  if (failure instanceof Fault) return failure;
  if (isDiskFull(failure)) return diskFault(folder, failure);
  if (signal.aborted) return stopped(params);
  return new Fault("INPUT_UNAVAILABLE", `${shownOf(params)}: ${causeOf(failure).why}`, { cause: failure });
}

/** The objects that a key names. Throws a Fault without the one that it names, and for more than 10,000. */
async function chosenObjects(reader: ObjectReader, params: NatsSourceParams): Promise<readonly NatsObject[]> {
  const { Bucket, Key } = params;
  if (!isPrefix(Key)) return [objectOf(await infoOf(reader, params, Key))];
  // A name with / at its end stands for a folder, as in S3.
  const names = (await reader.names(Bucket, Key.replace(/\*$/, ""))).filter((name) => !name.endsWith("/"));
  if (names.length > chosenMax)
    throw new Fault("TOO_LARGE", `${shownOf(params)}: more than ${chosenMax} objects; use a longer key`);
  const chosen: NatsObject[] = [];
  for (const name of names) {
    const info = await reader.info(Bucket, name);
    // The names of removed objects are listed too.
    if (info !== undefined) chosen.push(objectOf(info));
  }
  return chosen;
}

const objectOf = ({ name: key, digest }: ObjectInfo): NatsObject => ({ key, digest });

async function infoOf(reader: ObjectReader, params: NatsSourceParams, name: string): Promise<ObjectInfo> {
  const info = await reader.info(params.Bucket, name);
  if (info !== undefined) return info;
  throw new Fault("INPUT_UNAVAILABLE", `${shownOf(params, name)} does not exist: store it, or correct Bucket and Key`);
}

function objectsIn(identity: ContentIdentity | undefined): readonly NatsObject[] | undefined {
  return identity && JSON.parse(identity.key).at(-1);
}

function opener(reader: ObjectReader, params: NatsSourceParams): ObjectInput<NatsObject>["open"] {
  return async ({ key, digest }) => {
    const object = await reader.open(params.Bucket, key).catch(retried);
    if (object?.digest !== digest) throw new ContentChanged(shownOf(params, key));
    const headers = { "content-length": String(object.sizeBytes) };
    return { statusCode: 200, headers, body: Readable.from(chunksOf(object.bytes), { objectMode: false }) };
  };
}

async function* chunksOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (failure) {
    retried(failure);
  }
}

/** A Fault ends a download; a server that does not answer now, or an object that is replaced now, does not. */
function retried(failure: unknown): never {
  const passes = failure instanceof Fault && ["LOG_UNREACHABLE", "LOG_DAMAGED"].includes(failure.code);
  throw passes ? new Error(failure.why, { cause: failure }) : failure;
}
