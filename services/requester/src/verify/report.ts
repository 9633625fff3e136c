import type { UnreadableCommit } from "@shoal/core";

/**
 * The hash of the whole log up to a position: a copy stored elsewhere proves later that nothing up to there was
 * changed.
 */
export interface Anchor {
  readonly seq: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** A message in the log that no requester appended: it is skipped, changes nothing, and is not damage. */
export interface ForeignMessage {
  readonly seq: number;
  readonly subject: string;
  /** Its first characters. */
  readonly text: string;
}

/** A problem in the log, with its position. */
export interface ChainProblem {
  /** 0 when the position is unknown. */
  readonly seq: number;
  readonly aggregate: string;
  readonly why: string;
}

/** An entry that differs from the one that the log determines. */
export interface Mismatch {
  readonly bucket: string;
  readonly key: string;
  readonly why: "missing" | "unexpected" | "different";
  /** As text, shortened; undefined where there is none. */
  readonly expected: string | undefined;
  readonly actual: string | undefined;
}

/** The first items of a list that may be long, and its length. */
export interface Sampled<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** Result of a verification. */
export interface ReplayReport {
  /** Every message can be read, the log is complete, and every view matches it. */
  readonly ok: boolean;
  /** The log was read up to this position. */
  readonly upTo: number;
  readonly commits: number;
  readonly events: number;
  /** Aggregates, by kind. */
  readonly aggregates: Readonly<Record<string, number>>;
  /** Entries that were compared, by bucket. */
  readonly entries: Readonly<Record<string, number>>;
  /** Entries that were written during the comparison, and were right on the recheck. */
  readonly rechecked: number;
  /** The hash of everything that was read; compare it with a copy that is stored elsewhere. */
  readonly anchor: Anchor;
  readonly problems: Sampled<ChainProblem>;
  readonly foreign: Sampled<ForeignMessage>;
  /**
   * Messages that this version cannot read: neither the later commits of the same aggregate nor its entries were
   * verified.
   */
  readonly unreadable: Sampled<UnreadableCommit>;
  readonly mismatches: Sampled<Mismatch>;
  /** The time to read and fold the log, in milliseconds. */
  readonly readMs: number;
  readonly eventsPerSecond: number;
}

// As many as a person reads before repairing the first.
const firstMax = 20;

/** A list that retains only its first items. */
export class Sampling<T> {
  readonly #first: T[] = [];
  #count = 0;

  /** Adds one item. */
  add(item: T): void {
    this.#count += 1;
    if (this.#first.length < firstMax) this.#first.push(item);
  }

  /** The items so far. */
  taken(): Sampled<T> {
    return { count: this.#count, first: this.#first };
  }
}
