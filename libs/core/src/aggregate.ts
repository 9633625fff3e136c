import type { AggregateRef } from "@shoal/proto";
import { foldCommit } from "./fold.ts";
import type { Kind } from "./kind.ts";
import { noStreamPosition, type StoredCommit, type StreamPosition } from "./ports/event-log.ts";

/** Command ids that an aggregate remembers: more than one client repeats before it learns of the first answer. */
export const commandIdsMax = 64;

/** An aggregate as the log has it: its state, and what every kind needs beside it. */
export interface Aggregate<S = unknown> {
  /** As its commits name it; undefined before the first one. */
  readonly ref: AggregateRef | undefined;
  readonly state: S | undefined;
  /** What the next commit builds on. */
  readonly head: StreamPosition;
  /** The time of the last commit, milliseconds since the epoch: no later commit has an earlier one. */
  readonly at: number;
  /** The last command ids with the positions of their commits, oldest first. */
  readonly commandIds: ReadonlyMap<string, number>;
}

/** Before the first commit. */
export const noAggregate: Aggregate<never> = {
  ref: undefined,
  state: undefined,
  head: noStreamPosition,
  at: 0,
  commandIds: new Map(),
};

/** Folds one commit in. Throws Fault LOG_DAMAGED when it cannot follow. */
export function applyCommit<S>(kind: Kind<S>, before: Aggregate<S>, stored: StoredCommit): Aggregate<S> {
  const { seq, hash, commit, aggregate: ref } = stored;
  const state = foldCommit<S, (typeof commit.events)[number]>(kind.evolve, before.state, stored);
  const { id } = commit.cause;
  const commandIds = id === undefined ? before.commandIds : withId(before.commandIds, id, seq);
  return { ref, state, head: { seq, hash }, at: Math.max(before.at, commit.at), commandIds };
}

/** An aggregate from its commits, oldest first. */
export function foldAggregate<S>(kind: Kind<S>, stored: readonly StoredCommit[]): Aggregate<S> {
  return stored.reduce<Aggregate<S>>((aggregate, each) => applyCommit(kind, aggregate, each), noAggregate);
}

function withId(ids: ReadonlyMap<string, number>, id: string, seq: number): ReadonlyMap<string, number> {
  const after = new Map(ids).set(id, seq);
  const [oldest] = after.keys();
  if (after.size > commandIdsMax && oldest !== undefined) after.delete(oldest);
  return after;
}
