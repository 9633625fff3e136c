import { Fault } from "@shoal/core";
import { z } from "zod";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { askPatiently } from "../connection/server-request.ts";
import { readObject } from "../stream/object-read.ts";
import { nextOnSubject } from "../stream/stored-message.ts";

/** What an object store knows about an object. */
export interface ObjectInfo {
  readonly bucket: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes: `SHA-256=` and URL-safe base64. */
  readonly digest: string;
}

/**
 * Reads object stores that others write, with requests only: a node has no permission for consumers or direct reads of
 * them, since the server would deliver the content to any subject that the reader names. Each method throws Fault
 * LOG_UNREACHABLE without a reply, and NATS_REFUSED without permission.
 */
export interface ObjectReader {
  /** The names of all objects that begin with a prefix, in order. Throws Fault INPUT_UNAVAILABLE without the bucket. */
  names(bucket: string, prefix: string): Promise<readonly string[]>;
  /** The object, or undefined when no object has this name. Throws Fault INPUT_UNAVAILABLE for one that is a link. */
  info(bucket: string, name: string): Promise<ObjectInfo | undefined>;
  /** The object's bytes. The stream fails with LOG_DAMAGED when they do not match their digest. */
  open(
    bucket: string,
    name: string,
  ): Promise<(ObjectInfo & { readonly bytes: ReadableStream<Uint8Array> }) | undefined>;
}

const Meta = z.object({
  name: z.string(),
  nuid: z.string().regex(/^\w+$/),
  size: z.int().min(0),
  chunks: z.int().min(0),
  digest: z.string().regex(/^SHA-256=[\w-]{43}=?$/),
  options: z.object({ link: z.unknown().optional() }).optional(),
});
const Removed = z.object({ deleted: z.literal(true) });
const Listed = z.object({ state: z.object({ subjects: z.record(z.string(), z.number()).optional() }) });

/** Reads object stores over a connection. */
export function createObjectReader(session: NatsSession): ObjectReader {
  async function metaOf(bucket: string, name: string) {
    // As NATS's tools do. The library for JavaScript differs for names beyond ASCII.
    const token = Buffer.from(name).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
    const answer = await askPatiently(session, `reading object ${name} of bucket ${bucket}`, {
      subject: `$JS.API.STREAM.MSG.GET.OBJ_${bucket}`,
      body: { last_by_subj: `${metaPrefix(bucket)}${token}` },
    });
    if (answer.state === "none") return undefined;
    if (answer.state === "error") throw new Fault("INPUT_UNAVAILABLE", `bucket ${bucket}: ${answer.why}`);
    const description = decoded(answer.body);
    if (Removed.safeParse(description).success) return undefined;
    const meta = Meta.safeParse(description);
    if (!meta.success)
      throw new Fault("INPUT_UNAVAILABLE", `object ${name} of bucket ${bucket} has no valid description`);
    if (meta.data.options?.link !== undefined)
      throw new Fault("INPUT_UNAVAILABLE", `object ${name} of bucket ${bucket} is a link: name the object itself`);
    return meta.data;
  }
  return {
    async names(bucket, prefix) {
      const answer = await askPatiently(session, `listing bucket ${bucket}`, {
        subject: `$JS.API.STREAM.INFO.OBJ_${bucket}`,
        body: { subjects_filter: `${metaPrefix(bucket)}>` },
      });
      if (answer.state === "none") throw new Fault("INPUT_UNAVAILABLE", `there is no bucket ${bucket}`);
      if (answer.state === "error") throw new Fault("INPUT_UNAVAILABLE", `bucket ${bucket}: ${answer.why}`);
      const subjects = Object.keys(Listed.parse(answer.body).state.subjects ?? {});
      const names = subjects.map((each) => Buffer.from(each.slice(metaPrefix(bucket).length), "base64url").toString());
      return names.filter((name) => name.startsWith(prefix)).sort();
    },
    async info(bucket, name) {
      const meta = await metaOf(bucket, name);
      return meta && { bucket, name, sizeBytes: meta.size, digest: meta.digest };
    },
    async open(bucket, name) {
      const meta = await metaOf(bucket, name);
      if (meta === undefined) return undefined;
      const { nuid, chunks, digest, size: sizeBytes } = meta;
      const place = { stream: `OBJ_${bucket}`, subject: `$O.${bucket}.C.${nuid}`, chunks, digest };
      return { bucket, name, sizeBytes, digest, bytes: readObject(session, place, oneFromLeader) };
    },
  };
}

const metaPrefix = (bucket: string): string => `$O.${bucket}.M.`;

/** The JSON of a stored message, or undefined. */
function decoded(body: unknown): unknown {
  const stored = z.object({ message: z.object({ data: z.base64() }) }).safeParse(body);
  if (!stored.success) return undefined;
  try {
    return JSON.parse(Buffer.from(stored.data.message.data, "base64").toString());
  } catch {
    return undefined;
  }
}

/** One chunk for each request: the answer is JSON from the stream's leader. */
const oneFromLeader: Parameters<typeof readObject>[2] = async (session, { stream, subject, afterSeq }, deliver) => {
  const lookup = await nextOnSubject(session, stream, { subject, seq: afterSeq + 1 });
  if (lookup.state === "unknown") throw unreachable(`reading ${subject}`, lookup.why);
  if (lookup.state === "there") deliver(lookup.message);
};
