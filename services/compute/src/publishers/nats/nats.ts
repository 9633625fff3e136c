import { Readable } from "node:stream";
import { causeOf, Fault } from "@shoal/core";
import { publisherParams } from "@shoal/proto";
import { archive } from "../archive/archive.ts";
import type { Publisher } from "../publisher.ts";

/** Stores a node's results in NATS: a bucket that only this node may write. */
export interface ResultBucket {
  /** The bucket's name, which a client needs to fetch a result. */
  readonly bucket: string;
  /** Stores or replaces an object. Throws a Fault unless the object is known to be stored. */
  put(
    name: string,
    bytes: ReadableStream<Uint8Array>,
  ): Promise<{ readonly sizeBytes: number; readonly digest: string }>;
}

const NatsPublisherParams = publisherParams.nats;

export interface NatsPublisherOptions {
  readonly results: ResultBucket;
  /** Limit of all files of one result together, in bytes. */
  readonly limitBytes: number;
}

/** Stores results as objects in NATS: clients fetch them over existing connections, and the node opens no port. */
export function nats({ results, limitBytes }: NatsPublisherOptions): Publisher {
  return {
    name: "nats",
    params: NatsPublisherParams,
    unavailable: async () => undefined,
    publish: async ({ executionId, folder, signal }) => {
      const object = `${executionId}.tar.gz`;
      const packed = archive(folder, { limitBytes, signal });
      try {
        const { sizeBytes, digest } = await results.put(object, Readable.toWeb(packed));
        return {
          type: "nats",
          params: { Bucket: results.bucket, Object: object, SizeBytes: sizeBytes, Digest: digest },
        };
      } catch (failure) {
        packed.destroy();
        // The error of reading the results takes precedence over the error of storing them.
        const reason = packed.errored ?? failure;
        if (reason instanceof Fault) throw reason;
        throw new Fault("PUBLISH_FAILED", `the results were not stored in NATS: ${causeOf(failure).why}`, {
          cause: failure,
        });
      }
    },
    close: async () => {},
  };
}
