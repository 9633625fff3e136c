import { Readable } from "node:stream";
import { causeOf, Fault } from "@shoal/core";
import { z } from "zod";
import { archive } from "../archive/archive.ts";
import type { Publisher } from "../publisher.ts";

/** Where a node's results are kept inside NATS: a bucket that only this node may write. */
export interface ResultStore {
  /** The bucket's name, as whoever fetches a result needs it. */
  readonly bucket: string;
  /** Stores an object, or replaces it. Throws a Fault when that is not known to have happened. */
  put(
    name: string,
    bytes: ReadableStream<Uint8Array>,
  ): Promise<{ readonly sizeBytes: number; readonly digest: string }>;
}

/** Keeps results as objects in NATS itself: they reach the user over the connections that are there, and the node opens no port. */
export function nats(store: ResultStore, { limitBytes }: { readonly limitBytes: number }): Publisher {
  return {
    name: "nats",
    params: z.strictObject({}),
    unavailable: async () => undefined,
    publish: async ({ executionId, folder, signal }) => {
      const object = `${executionId}.tar.gz`;
      const packed = archive(folder, { limitBytes, signal });
      try {
        const { sizeBytes, digest } = await store.put(object, Readable.toWeb(packed));
        return { type: "nats", params: { Bucket: store.bucket, Object: object, SizeBytes: sizeBytes, Digest: digest } };
      } catch (failure) {
        packed.destroy();
        // The reason why nothing could be read counts more than that nothing arrived.
        const reason = packed.errored ?? failure;
        if (reason instanceof Fault) throw reason;
        throw new Fault("PUBLISH_FAILED", `the results did not reach NATS: ${causeOf(failure).why}`, {
          cause: failure,
        });
      }
    },
    close: async () => {},
  };
}
