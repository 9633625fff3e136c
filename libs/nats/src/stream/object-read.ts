import { createHash } from "node:crypto";
import { Fault } from "@shoal/core";
import type { NatsSession } from "../connection/nats-session.ts";
import { type BatchPlace, readPageOf } from "./batch-read.ts";

/** Where an object's bytes are stored: its chunks are on one subject of its bucket's stream. */
export interface ObjectPlace {
  readonly stream: string;
  readonly subject: string;
  readonly chunks: number;
  /** `SHA-256=` and the digest in URL-safe base64. */
  readonly digest: string;
}

// With the store's chunks of 128 KiB this is half a megabyte, requested when the reader has taken the last chunk.
const pageChunks = 4;

/** Delivers the next chunks of an object, or none at its end. */
type ReadChunks = (
  session: NatsSession,
  at: BatchPlace,
  deliver: (chunk: { readonly seq: number; readonly bytes: Uint8Array }) => void,
) => Promise<unknown>;

const onePage: ReadChunks = (session, at, deliver) => readPageOf(session, { at, messages: pageChunks }, deliver);

/**
 * An object's bytes, fetched as they are read, so that a slow reader costs no memory. The stream fails with Fault LOG_UNREACHABLE when
 * the server does not reply and LOG_DAMAGED when the bytes do not match their digest.
 */
export function readObject(
  session: NatsSession,
  place: ObjectPlace,
  readChunks: ReadChunks = onePage,
): ReadableStream<Uint8Array> {
  const hash = createHash("sha256");
  let afterSeq = 0;
  let taken = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const before = taken;
      if (taken < place.chunks) {
        const at = { stream: place.stream, subject: place.subject, afterSeq };
        await readChunks(session, at, ({ seq, bytes }) => {
          hash.update(bytes);
          controller.enqueue(new Uint8Array(bytes));
          afterSeq = seq;
          taken += 1;
        });
      }
      if (taken >= place.chunks) finish(controller, { place, found: hash.digest("base64url") });
      else if (taken === before)
        controller.error(new Fault("LOG_DAMAGED", `${place.subject} ends after ${taken} of ${place.chunks} chunks`));
    },
  });
}

function finish(
  controller: ReadableStreamDefaultController<Uint8Array>,
  { place, found }: { readonly place: ObjectPlace; readonly found: string },
): void {
  const expected = place.digest.replace(/^SHA-256=/, "").replace(/=+$/, "");
  if (found === expected) controller.close();
  else controller.error(new Fault("LOG_DAMAGED", `${place.subject}: expected SHA-256 ${expected}, got ${found}`));
}
