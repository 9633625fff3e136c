import {
  causeOf,
  type EventLog,
  isUnreadableCode,
  type Kinds,
  type StoredCommit,
  type UnreadableCommit,
} from "@shoal/core";
import type { AggregateRef } from "@shoal/proto";
import { DigestTable } from "./digest-table.ts";
import { type Folded, foldNext, notFolded } from "./folded.ts";

/** An aggregate before and after the commits that were folded in. */
export interface FoldStep {
  readonly before: Folded;
  readonly after: Folded;
}

interface Continued {
  readonly ref: AggregateRef;
  /** The first commit after the one that settled it. */
  readonly seq: number;
}

// Aggregates loaded concurrently: enough to hide the round trips, few enough for the NATS server.
const loadedAtOnce = 64;

/**
 * Folds a log, commit by commit in log order, and verifies each aggregate's hash chain. Settled aggregates are evicted;
 * one that continues later is loaded again by `continued`. So memory grows with the open aggregates, plus some 30 bytes
 * for each aggregate.
 */
export class LogFold {
  readonly counts = { commits: 0, events: 0 };
  readonly #kinds: Kinds;
  readonly #aggregates = new Map<string, number>();
  readonly #open = new Map<string, Folded>();
  readonly #stopped = new Map<string, Folded>();
  readonly #stoppedIds = new Set<string>();
  /** Every aggregate that has begun. One that is in no other collection has settled. */
  readonly #begun = new DigestTable("keys");
  readonly #continued = new Map<string, Continued>();

  constructor(kinds: Kinds) {
    this.#kinds = kinds;
  }

  /** Aggregates seen so far, by kind. */
  aggregates(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#aggregates);
  }

  /** Every aggregate in memory: the unsettled ones, and those that cannot be folded further. */
  *inMemory(): Iterable<Folded> {
    yield* this.#open.values();
    yield* this.#stopped.values();
  }

  /**
   * Whether the fold of an aggregate of this id has stopped before its last message, whatever its kind: a later one may
   * share buckets.
   */
  isStopped(id: string): boolean {
    return this.#stoppedIds.has(id);
  }

  /** Folds the next commit in; undefined when that waits for `continued`, or its aggregate is stopped. */
  take(stored: StoredCommit): FoldStep | undefined {
    this.counts.commits += 1;
    this.counts.events += stored.commit.events.length;
    return this.#step(stored, (before) => foldNext(before, stored));
  }

  /** Stops an aggregate at a message that cannot be read; undefined as for `take`. */
  unreadable(message: UnreadableCommit): FoldStep | undefined {
    return this.#step(message, (before) => ({ ...before, stoppedAt: message }));
  }

  /**
   * Loads and folds, up to a position, the aggregates that continued after they had settled. Throws Fault
   * LOG_UNREACHABLE.
   */
  async *continued(log: Pick<EventLog, "load">, upTo: number): AsyncGenerator<FoldStep> {
    const waiting = [...this.#continued.values()];
    this.#continued.clear();
    for (let first = 0; first < waiting.length; first += loadedAtOnce) {
      const some = waiting.slice(first, first + loadedAtOnce);
      for (const step of await Promise.all(some.map((each) => this.#load(log, each, upTo)))) {
        this.#keep(keyOf(step.after.ref), step.after);
        yield step;
      }
    }
  }

  #step(
    { aggregate: ref, seq }: Pick<StoredCommit, "aggregate" | "seq">,
    fold: (before: Folded) => Folded,
  ): FoldStep | undefined {
    const key = keyOf(ref);
    const known = this.#open.get(key);
    if (known === undefined && !this.#begins(key, { ref, seq })) return undefined;
    const before = known ?? notFolded(this.#kinds, ref);
    const after = fold(before);
    this.#keep(key, after);
    return { before, after };
  }

  /** Whether an aggregate that is not open begins here. */
  #begins(key: string, at: Continued): boolean {
    if (this.#stopped.has(key) || this.#continued.has(key)) return false;
    if (!this.#begun.add(key)) {
      this.#continued.set(key, at);
      return false;
    }
    const { kind } = at.ref;
    this.#aggregates.set(kind, (this.#aggregates.get(kind) ?? 0) + 1);
    return true;
  }

  #keep(key: string, folded: Folded): void {
    const { openSince, stoppedAt } = folded;
    if (stoppedAt === undefined && openSince !== undefined) {
      this.#open.set(key, folded);
      return;
    }
    this.#open.delete(key);
    if (stoppedAt === undefined) return;
    this.#stopped.set(key, folded);
    this.#stoppedIds.add(folded.ref.id);
  }

  async #load(log: Pick<EventLog, "load">, { ref, seq }: Continued, upTo: number): Promise<FoldStep> {
    let before = notFolded(this.#kinds, ref);
    try {
      let after = before;
      for (const stored of await log.load(ref)) {
        if (stored.seq > upTo || after.stoppedAt !== undefined) break;
        after = foldNext(after, stored);
        if (stored.seq < seq) before = after;
      }
      return { before, after };
    } catch (failure) {
      const { code, why } = causeOf(failure);
      if (!isUnreadableCode(code)) throw failure;
      return { before, after: { ...before, stoppedAt: { aggregate: ref, seq, code, why } } };
    }
  }
}

const keyOf = ({ kind, namespace, id }: AggregateRef): string => `${kind}.${namespace}.${id}`;
