import {
  type Aggregate,
  applyCommit,
  causeOf,
  Fault,
  type Kind,
  type Kinds,
  noAggregate,
  type StoredCommit,
  type UnreadableCommit,
} from "@shoal/core";
import type { AggregateRef } from "@shoal/proto";

/** An aggregate as far as the log has been folded. */
export interface Folded {
  readonly ref: AggregateRef;
  /** Undefined for a kind that this version does not know. */
  readonly kind: Kind | undefined;
  readonly aggregate: Aggregate;
  /** The position of the commit since which it is not settled; undefined when it is. */
  readonly openSince: number | undefined;
  /** The message at which the fold stopped permanently: it cannot be read, or does not follow. */
  readonly stoppedAt: UnreadableCommit | undefined;
}

/** An aggregate before its first commit. */
export function notFolded(kinds: Kinds, ref: AggregateRef): Folded {
  const kind = kinds.has(ref.kind) ? kinds.get(ref.kind) : undefined;
  return { ref, kind, aggregate: noAggregate, openSince: undefined, stoppedAt: undefined };
}

/** Folds the next commit in, and verifies that it builds on the last one; where it does not, the fold stops. */
export function foldNext(before: Folded, stored: StoredCommit): Folded {
  const { kind, aggregate, openSince, ref } = before;
  const { seq, commit } = stored;
  if (kind === undefined) {
    const why = `this version knows no kind "${ref.kind}"`;
    return { ...before, stoppedAt: { aggregate: ref, seq, code: "LOG_NEWER", why } };
  }
  try {
    const broken = breakIn(aggregate, commit.prev);
    if (broken !== undefined) throw new Fault("LOG_DAMAGED", broken);
    const after = applyCommit(kind, aggregate, stored);
    const isSettled = after.state === undefined || kind.isSettled(after.state);
    return { ...before, aggregate: after, openSince: isSettled ? undefined : (openSince ?? seq) };
  } catch (failure) {
    // Whatever a fold throws, the cause is in these bytes: one damaged history stops one aggregate.
    return { ...before, stoppedAt: { aggregate: ref, seq, code: "LOG_DAMAGED", why: causeOf(failure).why } };
  }
}

/** Why a commit does not build on the previous one; undefined when it does. */
function breakIn({ head }: Aggregate, prev: string): string | undefined {
  if (prev === head.hash) return undefined;
  if (head.hash === "") return "the commits before it are missing";
  const builds = prev === "" ? "nothing" : prev.slice(0, 16);
  return `it builds on ${builds}, but the commit before it is ${head.hash.slice(0, 16)}: one was changed or is missing`;
}
