import { sha256 } from "./sha256.ts";

/** A name that can be one token of a NATS subject and one path element of the API. */
const token = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** The longest namespace, node id or similar name, in characters; Bacalhau's clients stay below it. */
export const nameCharsMax = 63;

/** Why `text` cannot be used as a namespace, node id or other subject token; undefined when it can. */
export function tokenProblem(text: string): string | undefined {
  if (text.length === 0) return "it is empty";
  if (text.length > nameCharsMax) return `it has ${text.length} characters, at most ${nameCharsMax} are allowed`;
  return token.test(text) ? undefined : "it may hold letters, digits, - and _ only, and begins with a letter or digit";
}

/** The number of slices that all aggregates are divided into; fixed when a cluster is created, as it determines the shard of each job. */
export const shardCount = 16;

// The 32-bit FNV-1a offset basis and prime.
const fnvBasis = 0x811c9dc5;
const fnvPrime = 0x01000193;

/** 32-bit FNV-1a over the text's UTF-16 units' low bytes: distributes ids, unsuitable for security. */
export function fnv1a(text: string): number {
  let hash = fnvBasis;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ (text.charCodeAt(index) & 0xff), fnvPrime);
  }
  return hash >>> 0;
}

/** The shard of an aggregate's id. The same id has the same shard in every release. */
export function shardOf(aggregateId: string): number {
  return fnv1a(aggregateId) % shardCount;
}

/** Lower-case hexadecimal digits formatted as a UUID of version 8 (RFC 9562: a custom scheme). Needs 32 digits. */
export function uuidOfHex(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The attempt and slot of a job. */
export interface ExecutionPlace {
  readonly jobId: string;
  readonly version: number;
  /** A partition's number, or the id of the node that it is pinned to. */
  readonly slot: string;
  /** 1-based. */
  readonly attempt: number;
}

/** The id of an execution, derived from its place: the same attempt can be created only once, and ids of different jobs never collide. */
export function executionIdOf({ jobId, version, slot, attempt }: ExecutionPlace): string {
  return `e-${uuidOfHex(sha256(`${jobId}/${version}/${slot}/${attempt}`))}`;
}

/** The short form for display: the prefix and eight digits. */
export function shortId(id: string): string {
  return id.slice(0, id.indexOf("-") + 9);
}
