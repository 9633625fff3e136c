import type { AggregateRef, StoredEvent } from "@shoal/proto";
import { foldCommit, folding } from "./fold.ts";
import type { Kind } from "./kind.ts";
import { noStreamPosition, type StoredCommit, type StreamPosition } from "./ports/event-log.ts";

/** Command ids that an aggregate stores: a client may repeat a command before it receives the first answer. */
export const commandIdsMax = 64;

/** An aggregate folded from its commits: its state, and the bookkeeping common to every kind. */
export interface Aggregate<S = unknown> {
  /** Undefined before the first commit. */
  readonly ref: AggregateRef | undefined;
  readonly state: S | undefined;
  /** The next commit builds on it. */
  readonly head: StreamPosition;
  /** The time of the last commit, milliseconds since the epoch: no later commit has an earlier one. */
  readonly at: number;
  /** The last command ids with the positions of their commits, oldest first. */
  readonly commandIds: ReadonlyMap<string, number>;
}

/** The aggregate before its first commit. */
export const noAggregate: Aggregate<never> = {
  ref: undefined,
  state: undefined,
  head: noStreamPosition,
  at: 0,
  commandIds: new Map(),
};

/** Folds one commit in. Throws Fault LOG_DAMAGED when the commit cannot follow. */
export function applyCommit<S>(kind: Kind<S>, before: Aggregate<S>, stored: StoredCommit): Aggregate<S> {
  return following(before, stored, foldCommit(kind.evolve, before.state, stored));
}

/** Folds an aggregate from its commits, oldest first. */
export function foldAggregate<S>(kind: Kind<S>, stored: readonly StoredCommit[]): Aggregate<S> {
  const fold = folding<S, StoredEvent>(kind.evolve);
  return stored.reduce<Aggregate<S>>((before, each) => following(before, each, fold(before.state, each)), noAggregate);
}

/** The aggregate after a commit that led to this state. */
function following<S>(before: Aggregate<S>, stored: StoredCommit, state: S | undefined): Aggregate<S> {
  const { seq, hash, commit, aggregate: ref } = stored;
  const { id } = commit.cause;
  const commandIds = id === undefined ? before.commandIds : withId(before.commandIds, id, seq);
  return { ref, state, head: { seq, hash }, at: Math.max(before.at, commit.at), commandIds };
}

function withId(ids: ReadonlyMap<string, number>, id: string, seq: number): ReadonlyMap<string, number> {
  const after = new Map(ids).set(id, seq);
  const [oldest] = after.keys();
  if (after.size > commandIdsMax && oldest !== undefined) after.delete(oldest);
  return after;
}
