import type { ViewEntry } from "@shoal/core";
import { headerNames } from "../connection/message-headers.ts";
import { decodeEntry } from "./entry-codec.ts";

/** The stream behind a bucket, by the convention of the key-value store. */
export const streamOfBucket = (bucket: string): string => `KV_${bucket}`;

/** The subject of a key; keys may hold dots, patterns may hold wildcards. */
export const subjectOfKey = (bucket: string, key: string): string => `$KV.${bucket}.${key}`;

/** The key that a subject stands for. */
export const keyOfSubject = (bucket: string, subject: string): string => subject.slice(`$KV.${bucket}.`.length);

/** The key of a shard's position. Namespaces and node ids begin with a letter or digit, so no entry has it. */
export const positionKey = (shard: number | "*"): string => `_position.${shard}`;

/** What a bucket keeps under a key: an entry, or the mark of one that was removed. */
export interface StoredValue {
  /** The position in the bucket: what the next write has to expect. */
  readonly revision: number;
  /** The log position that made it; below all others for a mark that the server itself left. */
  readonly seq: number;
  /** Undefined when it was removed. */
  readonly value: ViewEntry | undefined;
  readonly bytes: Uint8Array;
}

/** No entry and no mark: the next write has to expect revision 0. */
export const nothingStored: StoredValue = { revision: 0, seq: -1, value: undefined, bytes: new Uint8Array() };

interface BucketMessage {
  readonly seq: number;
  readonly bytes: Uint8Array;
  header(name: string): string;
}

/** Whether the message marks a removal, by hand or by time. */
export function isRemoval(message: BucketMessage): boolean {
  return message.header(headerNames.operation) !== "" || message.header(headerNames.markerReason) !== "";
}

/** Reads a bucket's message; undefined when it is neither an entry nor a mark. */
export function storedValueOf(message: BucketMessage): StoredValue | undefined {
  const entry = message.bytes.length === 0 ? undefined : decodeEntry(message.bytes);
  const { seq: revision, bytes } = message;
  if (isRemoval(message)) return { revision, seq: entry?.seq ?? -1, value: undefined, bytes };
  return entry === undefined ? undefined : { revision, seq: entry.seq, value: entry, bytes };
}
