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

/** A commit's bytes as they stand in the log, and their SHA-256 in hexadecimal. */
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

/** Reads a message of the log: a commit, or why it cannot be read. */
export type MessageReader = (message: EventMessage) => StoredCommit | UnreadableCommit;

/**
 * Reads messages as one who knows these kinds. A commit's digest is made when it is asked for, since a replay needs few of them: ask
 * while the message's bytes are valid.
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

/** The same with everything made at once, for whoever keeps what was read. */
export function wholly(read: MessageReader): MessageReader {
  return (message) => {
    const found = read(message);
    if (!isCommit(found)) return found;
    const { aggregate, seq, commit, hash } = found;
    return { aggregate, seq, hash, commit };
  };
}

// What a later version may call an aggregate whose form is not known yet.
const looseForm = /^shoal\.evt\.\d+\.([^.]+)\.(.+)$/;

const isPlaced = (subject: string, { namespace, id }: AggregateRef, isNamespaced: boolean | undefined): boolean =>
  shardIn(subject) === shardOf(id) && (namespace !== "") === isNamespaced;

/** No append of Shoal can have put it there. The aggregate is the subject itself, so that nothing else goes by its name. */
function misplaced({ subject, seq }: EventMessage): UnreadableCommit {
  const aggregate = { kind: "", namespace: "", id: subject };
  return { aggregate, seq, code: "LOG_DAMAGED", why: `its subject ${subject} is no aggregate's` };
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
