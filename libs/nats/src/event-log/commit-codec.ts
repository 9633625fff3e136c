import { hash } from "node:crypto";
import {
  commitReader,
  Fault,
  isCommit,
  type Kinds,
  type StoredCommit,
  type UnreadableCommit,
  unknownKind,
} from "@shoal/core";
import { type AggregateRef, aggregateOf, type Commit, commitBytes, shardIn, shardOf } from "@shoal/proto";
import { decodeJson, encodeJson } from "../json.ts";

/** A commit's bytes as the log stores them, and their SHA-256 in hexadecimal. */
export interface EncodedCommit {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/** Encodes a commit; throws Fault TOO_LARGE above `commitBytes.max`. */
export function encodeCommit(commit: Commit): EncodedCommit {
  const bytes = encodeJson(commit);
  if (bytes.length > commitBytes.max) {
    const why = `expected a commit of at most ${commitBytes.max} bytes, got ${bytes.length}; put large data in the object store`;
    throw new Fault("TOO_LARGE", why, { details: { bytes: bytes.length, cause: commit.cause } });
  }
  return { bytes, hash: hashOf(bytes) };
}

/** SHA-256 in hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

/** A message of the stream EVENTS. */
export interface EventMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** Reads a message of the log: returns the commit, or why it cannot be read. */
export type MessageReader = (message: EventMessage) => StoredCommit | UnreadableCommit;

/**
 * Reads messages of these kinds. A commit's digest is computed on first access, since a replay needs few of them: access it while the
 * message's bytes are valid.
 */
export function messageReader(known: Kinds): MessageReader {
  const read = commitReader(known);
  const isNamespaced = new Map(known.parts.map((kind) => [kind.name, kind.isNamespaced]));
  return (message) => {
    const { subject, seq, bytes } = message;
    const aggregate = aggregateOf(subject);
    const [, kind = "", rest = ""] = aggregate === undefined ? (looseForm.exec(subject) ?? []) : ["", aggregate.kind];
    if (kind !== "" && !isNamespaced.has(kind))
      return { aggregate: aggregate ?? { kind, namespace: "", id: rest }, seq, ...unknownKind(kind) };
    if (aggregate === undefined || !isPlaced(subject, aggregate, isNamespaced.get(kind))) return misplaced(message);
    const found = read(kind, decodeJson(bytes));
    return "commit" in found ? new ReadCommit(aggregate, found.commit, message) : { aggregate, seq, ...found };
  };
}

/** Reads with every digest computed at once, for a caller that stores the result. */
export function wholly(read: MessageReader): MessageReader {
  return (message) => {
    const found = read(message);
    if (!isCommit(found)) return found;
    const { aggregate, seq, commit, hash } = found;
    return { aggregate, seq, hash, commit };
  };
}

// The subject of an aggregate of a later version, whose kind is unknown here.
const looseForm = /^shoal\.evt\.\d+\.([^.]+)\.(.+)$/;

const isPlaced = (subject: string, { namespace, id }: AggregateRef, isNamespaced: boolean | undefined): boolean =>
  shardIn(subject) === shardOf(id) && (namespace !== "") === isNamespaced;

/** A message that no append of Shoal can have stored. The aggregate's id is the whole subject, which no other aggregate has. */
function misplaced({ subject, seq }: EventMessage): UnreadableCommit {
  const aggregate = { kind: "", namespace: "", id: subject };
  return { aggregate, seq, code: "LOG_DAMAGED", why: `its subject ${subject} names no aggregate` };
}

class ReadCommit implements StoredCommit {
  readonly aggregate: AggregateRef;
  readonly commit: Commit;
  readonly #message: EventMessage;

  constructor(aggregate: AggregateRef, commit: Commit, message: EventMessage) {
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
