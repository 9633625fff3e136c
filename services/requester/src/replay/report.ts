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
export interface Difference {
  readonly bucket: string;
  readonly key: string;
  readonly why: "missing" | "unexpected" | "different";
  /** As text, shortened; undefined where there is none. */
  readonly wanted: string | undefined;
  readonly found: string | undefined;
}

/** The beginning of a list that may be long, and how long it is. */
export interface Sampled<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** What a replay came to. */
export interface ReplayReport {
  /** The log holds together, and every view says what the log says. */
  readonly ok: boolean;
  /** The log was read up to this position. */
  readonly upTo: number;
  readonly commits: number;
  readonly events: number;
  readonly jobs: number;
  readonly nodes: number;
  /** Entries that were compared, by bucket. */
  readonly entries: Readonly<Record<string, number>>;
  /** Entries that were being written while they were compared, and turned out right. */
  readonly settled: number;
  /** The hash over all that was read; hold it against one that is kept elsewhere. */
  readonly anchor: Anchor;
  readonly problems: Sampled<ChainProblem>;
  readonly foreign: Sampled<ForeignMessage>;
  readonly differences: Sampled<Difference>;
  /** Reading and folding the log, in milliseconds. */
  readonly readMs: number;
  readonly eventsPerSecond: number;
}
