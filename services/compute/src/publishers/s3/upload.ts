import type { Readable } from "node:stream";
import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";
import { collectGarbage } from "../../outbound/collect-garbage.ts";

/** Where an object is stored. */
export interface UploadTarget {
  readonly client: S3Client;
  readonly Bucket: string;
  readonly Key: string;
  readonly signal: AbortSignal;
}

// Two parts are on their way while the third is filled: neither the network nor the packing waits for the other.
const concurrentParts = 3;

/** The memory that uploads take: it is used again for each part, and by one upload at a time. */
export class PartBuffers {
  readonly #partBytes: number;
  readonly #buffers: Buffer[] = [];

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  at(index: number): Buffer {
    const buffer = this.#buffers[index] ?? Buffer.allocUnsafeSlow(this.#partBytes);
    this.#buffers[index] = buffer;
    return buffer;
  }
}

/**
 * Stores a stream as one object: with one request when it fits one part, else in parts. A failed upload leaves none.
 * Parts are filled in place: parts that are put together from chunks outlive minor collections, and cost 66 MB.
 */
export async function upload(place: UploadTarget, body: Readable, buffers: PartBuffers): Promise<void> {
  const { PutObjectCommand } = await import("@aws-sdk/client-s3");
  const { client, Bucket, Key, signal } = place;
  const reader = new PartReader(body);
  try {
    signal.throwIfAborted();
    const first = await reader.fill(buffers.at(0));
    if (first.length < buffers.at(0).length)
      await client.send(new PutObjectCommand({ Bucket, Key, Body: first }), { abortSignal: signal });
    else await uploadParts(place, { first, reader, buffers });
  } catch (failure) {
    // The error of reading the results takes precedence over the error of storing them.
    throw body.errored ?? failure;
  } finally {
    body.destroy();
  }
}

interface FilledParts {
  /** The content of the first buffer. */
  readonly first: Buffer;
  readonly reader: PartReader;
  readonly buffers: PartBuffers;
}

async function uploadParts(place: UploadTarget, { first, reader, buffers }: FilledParts): Promise<void> {
  const { client, Bucket, Key, signal } = place;
  const sdk = await import("@aws-sdk/client-s3");
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key }), {
    abortSignal: signal,
  });
  const failed = new AbortController();
  const abortSignal = AbortSignal.any([signal, failed.signal]);
  const send = async (part: Buffer, PartNumber: number): Promise<CompletedPart> => {
    const command = new sdk.UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: part });
    const { ETag, ChecksumCRC32 } = await client.send(command, { abortSignal });
    return { PartNumber, ETag, ChecksumCRC32 };
  };
  const sent: Promise<CompletedPart>[] = [];
  try {
    for (let part = first; part.length > 0; ) {
      const sending = send(part, sent.length + 1);
      // The loop sees the failure when it needs the buffer again.
      sending.catch(() => undefined);
      sent.push(sending);
      await sent[sent.length - concurrentParts];
      part = await reader.fill(buffers.at(sent.length % concurrentParts));
    }
    const MultipartUpload = { Parts: await Promise.all(sent) };
    const command = new sdk.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload });
    await client.send(command, { abortSignal: signal });
  } catch (failure) {
    failed.abort();
    await Promise.allSettled(sent);
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined);
    throw failure;
  }
}

/** Reads a stream into buffers. */
class PartReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(body: Readable) {
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /** The next bytes of the stream, in this buffer: less than it holds, or none, only at the end. */
  async fill(buffer: Buffer): Promise<Buffer> {
    let filled = 0;
    while (filled < buffer.length) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) break;
        this.#rest = next.value;
        collectGarbage(next.value.length);
      }
      const copied = this.#rest.copy(buffer, filled);
      this.#rest = this.#rest.subarray(copied);
      filled += copied;
    }
    return buffer.subarray(0, filled);
  }
}
