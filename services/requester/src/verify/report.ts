import type { UnreadableCommit } from "@shoal/core";

/** The hash over the whole log up to a position: kept elsewhere it proves later that nothing up to there was changed. */
export interface Anchor {
  readonly seq: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** A message in the log that no requester appended: it is skipped, changes nothing, and is no damage. */
export interface ForeignMessage {
  readonly seq: number;
  readonly subject: string;
  /** Its first characters. */
  readonly text: string;
}

/** Something in the log that cannot be: what was found, and where. */
export interface ChainProblem {
  /** 0 where no position can be named. */
  readonly seq: number;
  readonly aggregate: string;
  readonly why: string;
}

/** An entry that is not what the log says it should be. */
export interface Mismatch {
  readonly bucket: string;
  readonly key: string;
  readonly why: "missing" | "unexpected" | "different";
  /** As text, shortened; undefined where there is none. */
  readonly expected: string | undefined;
  readonly actual: string | undefined;
}

/** The beginning of a list that may be long, and how long it is. */
export interface Sampled<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** What a verification found. */
export interface ReplayReport {
  /** Every message can be read, the log is whole, and every view says what the log says. */
  readonly ok: boolean;
  /** The log was read up to this position. */
  readonly upTo: number;
  readonly commits: number;
  readonly events: number;
  /** Aggregates, by kind. */
  readonly aggregates: Readonly<Record<string, number>>;
  /** Entries that were compared, by bucket. */
  readonly entries: Readonly<Record<string, number>>;
  /** Entries that were being written while they were compared, and turned out right. */
  readonly rechecked: number;
  /** The hash over everything that was read; compare it with one that is kept elsewhere. */
  readonly anchor: Anchor;
  readonly problems: Sampled<ChainProblem>;
  readonly foreign: Sampled<ForeignMessage>;
  /** Messages that this version cannot read: what follows on the same aggregate was not verified, nor were its entries. */
  readonly unreadable: Sampled<UnreadableCommit>;
  readonly mismatches: Sampled<Mismatch>;
  /** Reading and folding the log, in milliseconds. */
  readonly readMs: number;
  readonly eventsPerSecond: number;
}

// As many as a person reads before repairing the first.
const firstMax = 20;

/** A list of which only the beginning is kept. */
export class Sampling<T> {
  readonly #first: T[] = [];
  #count = 0;

  /** Counts one more. */
  add(item: T): void {
    this.#count += 1;
    if (this.#first.length < firstMax) this.#first.push(item);
  }

  /** What was added so far. */
  taken(): Sampled<T> {
    return { count: this.#count, first: this.#first };
  }
}
