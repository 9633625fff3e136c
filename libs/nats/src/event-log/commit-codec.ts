import { hash } from "node:crypto";
import { Fault, type StoredCommit } from "@shoal/core";
import {
  type AggregateRef,
  aggregateOf,
  type Commit,
  commitBytes,
  commitVersion,
  type StoredEvent,
} from "@shoal/proto";
import { encode, isRecord, tryDecode } from "../codec/plain-maps.ts";

/** A commit's bytes as they stand in the log, and their SHA-256 in hexadecimal. */
export interface EncodedCommit {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/** Encodes a commit; throws Fault TOO_LARGE above `commitBytes.max`. */
export function encodeCommit(commit: Commit): EncodedCommit {
  const bytes = encode(commit);
  if (bytes.length > commitBytes.max) {
    const why = `wanted a commit of at most ${commitBytes.max} bytes, found ${bytes.length}; put large data in the object store`;
    throw new Fault("TOO_LARGE", why, { details: { bytes: bytes.length, cause: commit.cause } });
  }
  return { bytes, hash: hashOf(bytes) };
}

/** SHA-256 in hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

interface LogMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** Reads a message of the log; a sentence that says what is wrong when it is no commit of an aggregate. */
export function decodeStored(message: LogMessage): StoredCommit | string {
  const read = readStored(message);
  if (typeof read === "string") return read;
  const { aggregate, seq, commit, hash } = read;
  return { aggregate, seq, hash, commit };
}

/**
 * The same for who needs few of the digests: each is made when it is asked for. Ask while the message's bytes are valid.
 */
export function readStored(message: LogMessage): StoredCommit | string {
  const aggregate = aggregateOf(message.subject);
  if (aggregate === undefined) return "its subject is no aggregate's";
  const commit = decodeCommit(message.bytes);
  return commit === undefined ? "its bytes are no commit" : new ReadCommit(aggregate, commit, message);
}

class ReadCommit implements StoredCommit {
  readonly aggregate: AggregateRef;
  readonly commit: Commit;
  readonly #message: LogMessage;

  constructor(aggregate: AggregateRef, commit: Commit, message: LogMessage) {
    this.aggregate = aggregate;
    this.commit = commit;
    this.#message = message;
  }

  get seq(): number {
    return this.#message.seq;
  }

  get hash(): string {
    return hashOf(this.#message.bytes);
  }
}

/** Reads a commit's bytes; undefined when they are none. */
export function decodeCommit(bytes: Uint8Array): Commit | undefined {
  const data = tryDecode(bytes);
  return isCommit(data) ? data : undefined;
}

// The same demands as CommitEnvelope, without the copy that a schema makes: a replay reads millions.
function isCommit(data: unknown): data is Commit {
  if (!isRecord(data)) return false;
  const { v, id, at, by, cause, epoch, prev, events } = data;
  return (
    v === commitVersion &&
    typeof id === "string" &&
    id !== "" &&
    typeof at === "number" &&
    typeof by === "string" &&
    typeof cause === "string" &&
    typeof epoch === "number" &&
    typeof prev === "string" &&
    Array.isArray(events) &&
    events.length > 0 &&
    events.every(isStoredEvent)
  );
}

function isStoredEvent(data: unknown): data is StoredEvent {
  return isRecord(data) && typeof data["type"] === "string" && "data" in data;
}
