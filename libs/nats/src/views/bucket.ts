import type { ViewEntry } from "@shoal/core";
import { headerNames } from "../connection/message-headers.ts";
import { decodeEntry } from "./entry-codec.ts";

/** The stream behind a bucket, by the convention of the key-value store. */
export const streamOfBucket = (bucket: string): string => `KV_${bucket}`;

/** The subject of a key; keys may contain dots, patterns may contain wildcards. */
export const subjectOfKey = (bucket: string, key: string): string => `$KV.${bucket}.${key}`;

/** The key of a subject. */
export const keyOfSubject = (bucket: string, subject: string): string => subject.slice(`$KV.${bucket}.`.length);

/** The key of a shard's position. Namespaces and node ids begin with a letter or digit, so no entry has this key. */
export const positionKey = (shard: number | "*"): string => `_position.${shard}`;

/** The stored value of a key: an entry, or a removal marker. */
export interface StoredValue {
  /** The position in the bucket, which the next write must expect. */
  readonly revision: number;
  /** The log position that it was written for; below all others for a marker of the server. */
  readonly seq: number;
  /** Undefined when it was removed. */
  readonly value: ViewEntry | undefined;
  readonly bytes: Uint8Array;
}

/** No entry and no marker: the next write must expect revision 0. */
export const nothingStored: StoredValue = { revision: 0, seq: -1, value: undefined, bytes: new Uint8Array() };

interface BucketMessage {
  readonly seq: number;
  readonly bytes: Uint8Array;
  header(name: string): string;
}

/** Whether the message marks a removal, by a client or by expiry. */
export function isRemoval(message: BucketMessage): boolean {
  return message.header(headerNames.operation) !== "" || message.header(headerNames.markerReason) !== "";
}

/** Reads a bucket's message; undefined when it is neither an entry nor a marker. */
export function storedValueOf(message: BucketMessage): StoredValue | undefined {
  const entry = message.bytes.length === 0 ? undefined : decodeEntry(message.bytes);
  const { seq: revision, bytes } = message;
  if (isRemoval(message)) return { revision, seq: entry?.seq ?? -1, value: undefined, bytes };
  return entry === undefined ? undefined : { revision, seq: entry.seq, value: entry, bytes };
}
