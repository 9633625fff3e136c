import { type AggregateRef, type Commit, commitBytes, subjectOf } from "@shoal/proto";
import { assert, Fault } from "../../fault.ts";
import { type Kinds, kinds } from "../../kinds.ts";
import {
  noStreamPosition,
  type StoredCommit,
  type StreamPosition,
  type UnreadableCommit,
} from "../../ports/event-log.ts";
import { commitReader, faultOf, isCommit } from "../../read-commit.ts";
import { sha256 } from "./random.ts";

/** A stored message of the log: text on the subject of an aggregate. */
export interface RawMessage {
  readonly aggregate: AggregateRef;
  readonly seq: number;
  readonly hash: string;
  readonly text: string;
}

/** A message as a reader with some kinds reads it. */
export type RawReader = (message: RawMessage) => StoredCommit | UnreadableCommit;

/** The log of the server. It reads its own messages with the kinds that it was created with. */
export interface LogStore {
  readonly messages: readonly RawMessage[];
  /** Every commit that can be read. */
  readonly entries: readonly StoredCommit[];
  /** Called with every message, at once. */
  readonly onStored: Set<(message: RawMessage) => void>;
  /** The followers besides the processes: called synchronously with every readable commit. */
  readonly onAppended: Set<(stored: StoredCommit) => void>;
  append(aggregate: AggregateRef, after: StreamPosition, commit: Commit): StreamPosition;
  /** Stores any text after the last message, as another version or a foreign writer would; returns its position. */
  put(aggregate: AggregateRef, text: string): number;
  /** Throws the Fault of the first message that cannot be read. */
  load(aggregate: AggregateRef, afterSeq: number): readonly StoredCommit[];
  /** Every message of an aggregate; the namespace may be "*". */
  messagesOf(aggregate: AggregateRef): readonly RawMessage[];
  /** The reading of a message by a reader with these kinds. All readers share the object; it must not be changed. */
  readAs(known: Kinds): RawReader;
}

/** An empty log. Positions have gaps, as those of a stream have. */
export function createLogStore(known: Kinds = kinds): LogStore {
  const messages: RawMessage[] = [];
  const entries: StoredCommit[] = [];
  // By subject, and also without the namespace: ids are unique.
  const bySubject = new Map<string, readonly RawMessage[]>();
  const readers = new Map<Kinds, RawReader>();
  const [onStored, onAppended] = [new Set<(message: RawMessage) => void>(), new Set<(stored: StoredCommit) => void>()];
  const messagesOf = (aggregate: AggregateRef) => bySubject.get(subjectOf(aggregate)) ?? [];

  function readAs(these: Kinds): RawReader {
    const reader = readers.get(these) ?? rawReader(these);
    readers.set(these, reader);
    return reader;
  }

  function store(aggregate: AggregateRef, text: string): RawMessage {
    const message = { aggregate, seq: nextSeq(messages), hash: sha256(text), text };
    const all = [...messagesOf(aggregate), message];
    bySubject.set(subjectOf(aggregate), all).set(subjectOf(anywhere(aggregate)), all);
    messages.push(message);
    const read = readAs(known)(message);
    if (isCommit(read)) entries.push(read);
    for (const emit of onStored) emit(message);
    if (isCommit(read)) for (const emit of onAppended) emit(read);
    return message;
  }

  return {
    messages,
    entries,
    onStored,
    onAppended,
    append(aggregate, after, commit) {
      const text = JSON.stringify(commit);
      const there = messagesOf(aggregate);
      const ours = there.find((message) => message.text === text);
      if (ours !== undefined) return streamHeadOf(ours);
      const streamHead = streamHeadOf(there.at(-1));
      if (streamHead.seq !== after.seq)
        throw new Fault("REVISION_CONFLICT", `expected ${subjectOf(aggregate)} at ${after.seq}, got ${streamHead.seq}`);
      assert(
        commit.prev === streamHead.hash,
        `a commit on ${subjectOf(aggregate)} does not build on the one before it`,
      );
      if (text.length > commitBytes.max)
        throw new Fault("TOO_LARGE", `a commit of ${text.length} bytes; at most ${commitBytes.max}`);
      return streamHeadOf(store(aggregate, text));
    },
    put: (aggregate, text) => store(aggregate, text).seq,
    load: (aggregate, afterSeq) => commitsIn(messagesOf(aggregate), afterSeq, readAs(known)),
    messagesOf,
    readAs,
  };
}

/** The commits of some messages after a position; throws the Fault of the first unreadable one. */
export function commitsIn(messages: readonly RawMessage[], afterSeq: number, read: RawReader): readonly StoredCommit[] {
  return messages
    .filter(({ seq }) => seq > afterSeq)
    .map((message) => {
      const found = read(message);
      if (!isCommit(found)) throw faultOf(found);
      return found;
    });
}

function rawReader(known: Kinds): RawReader {
  const readCommit = commitReader(known);
  const seen = new WeakMap<RawMessage, StoredCommit | UnreadableCommit>();
  return (message) => {
    const { aggregate, seq, hash, text } = message;
    const before = seen.get(message);
    if (before !== undefined) return before;
    const read = freeze({ aggregate, seq, hash, ...readCommit(aggregate.kind, parsed(text)) });
    seen.set(message, read);
    return read;
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const anywhere = ({ kind, id }: AggregateRef): AggregateRef => ({ kind, namespace: "*", id });

const streamHeadOf = (message: RawMessage | undefined): StreamPosition =>
  message === undefined ? noStreamPosition : { seq: message.seq, hash: message.hash };

// Every third position is left out, so that no code relies on +1.
const nextSeq = (messages: readonly RawMessage[]): number => {
  const next = (messages.at(-1)?.seq ?? 0) + 1;
  return next % 3 === 0 ? next + 1 : next;
};

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
