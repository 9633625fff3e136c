import { jetstream } from "@nats-io/jetstream";
import { type ObjectStore, Objm, StorageType } from "@nats-io/obj";
import { Fault } from "@shoal/core";
import { resultsBucketOf } from "@shoal/proto";
import { type NatsSession, requestMs, unreachable } from "../connection/nats-session.ts";
import { readObject } from "../stream/object-read.ts";

/** An object in a node's results bucket. */
export interface StoredResult {
  readonly name: string;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes in the store's format: `SHA-256=` and base64. */
  readonly digest: string;
}

/** A node's results bucket, with the permissions of the caller's user. Every method throws Fault LOG_UNREACHABLE without a reply. */
export interface Results {
  /** Stores the stream's bytes under a name and replaces an earlier object. Throws Fault PUBLISH_FAILED. */
  put(name: string, bytes: ReadableStream<Uint8Array>): Promise<StoredResult>;
  /** The bytes, or undefined when no object has this name. The stream fails with LOG_DAMAGED when they do not match their digest. */
  get(name: string): Promise<{ readonly saved: StoredResult; readonly bytes: ReadableStream<Uint8Array> } | undefined>;
  list(): Promise<readonly StoredResult[]>;
  remove(name: string): Promise<void>;
}

// A node's permissions allow neither the request for the account's info nor inboxes under the library's default prefix.
const objectStores = (session: NatsSession) =>
  new Objm(jetstream(session.nc, { timeout: requestMs, checkAPI: false, watcherPrefix: session.inboxPrefix }));

/**
 * Creates a node's results bucket unless it exists, and sets its limit; the node itself has no permission for it. A bucket that is
 * already over the limit keeps its objects, and a warning is reported. Throws Fault LOG_UNREACHABLE.
 */
export async function ensureResultsBucket(
  session: NatsSession,
  nodeId: string,
  { replicas, maxBytes }: { readonly replicas: number; readonly maxBytes: number },
): Promise<void> {
  const bucket = resultsBucketOf(nodeId);
  try {
    await objectStores(session).create(bucket, { storage: StorageType.File, replicas, max_bytes: maxBytes });
    const { streams } = await session.manager();
    const { config, state } = await streams.info(`OBJ_${bucket}`);
    if (config.max_bytes === maxBytes) return;
    if (state.bytes <= maxBytes) await streams.update(config.name, { max_bytes: maxBytes });
    else
      session.onProblem(
        `bucket ${bucket} holds ${state.bytes} bytes, over its limit of ${maxBytes}; remove results from it`,
      );
  } catch (failure) {
    throw unreachable(`creating the results bucket of ${nodeId}`, reasonOf(failure));
  }
}

/** Opens a node's results bucket. It sends no request, so it does not fail when the bucket does not exist. */
export async function openResults(session: NatsSession, nodeId: string): Promise<Results> {
  const bucket = resultsBucketOf(nodeId);
  const store: ObjectStore = await objectStores(session).open(bucket, false);
  return {
    async put(name, bytes) {
      try {
        return storedValueOf(await store.put({ name }, bytes, { timeout: requestMs }));
      } catch (failure) {
        throw new Fault("PUBLISH_FAILED", `cannot store ${name} in bucket ${bucket}: ${reasonOf(failure)}`, {
          cause: failure,
        });
      }
    },
    async get(name) {
      const found = await answered(bucket, store.info(name));
      if (found === null || found.deleted) return undefined;
      const { nuid, chunks, digest } = found;
      // The library's reader buffers the whole object when its consumer is slow.
      const place = { stream: `OBJ_${bucket}`, subject: `$O.${bucket}.C.${nuid}`, chunks, digest };
      return { saved: storedValueOf(found), bytes: readObject(session, place) };
    },
    list: async () => (await answered(bucket, store.list())).map(storedValueOf),
    async remove(name) {
      await answered(bucket, store.delete(name));
    },
  };
}

const storedValueOf = ({ name, size, digest }: { name: string; size: number; digest: string }): StoredResult => ({
  name,
  sizeBytes: size,
  digest,
});

async function answered<T>(bucket: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (failure) {
    throw unreachable(`reading bucket ${bucket}`, reasonOf(failure));
  }
}

function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
