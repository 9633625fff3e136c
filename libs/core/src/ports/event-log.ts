import type { AggregateRef, Commit } from "@shoal/proto";

/** A commit as it stands in the log. */
export interface StoredCommit {
  readonly aggregate: AggregateRef;
  /** The position in the log: grows, with gaps. */
  readonly seq: number;
  /** SHA-256 of the commit's bytes, in hexadecimal: the next commit's `prev`. */
  readonly hash: string;
  readonly commit: Commit;
}

/** Where an aggregate stands: what its next commit must build on. */
export interface StreamPosition {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first commit of an aggregate. */
export const noStreamPosition: StreamPosition = { seq: 0, hash: "" };

/** A message of the log that this version cannot read, or cannot trust. Nothing is ever appended behind it. */
export interface UnreadableCommit {
  readonly aggregate: AggregateRef;
  readonly seq: number;
  /** LOG_NEWER: a later form, an event or a kind that this version does not know. LOG_DAMAGED: no commit at all. */
  readonly code: "LOG_NEWER" | "LOG_DAMAGED";
  readonly why: string;
}

/** Whoever reads many aggregates: one that cannot be read does not stop the others. */
export interface LogReading {
  /** Called in log order, in place of `deliver`. */
  unreadable?(message: UnreadableCommit): void;
  /** Asked after each delivery: a promise while there is enough to do, and nothing is delivered until it resolves. It must not reject. */
  room?(): Promise<void> | undefined;
}

/** How a scan goes about it. */
export interface ScanReading extends LogReading {
  /** Only the commits of this shard. */
  readonly shard?: number;
  /** Ends the scan early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The log of truth. Every method throws Fault LOG_UNREACHABLE when the log does not answer in time. */
export interface EventLog {
  /**
   * Appends one commit behind `after`, or throws Fault REVISION_CONFLICT when the aggregate has moved on. When the
   * answer is lost it looks whether the commit is there (by its id) before it says anything: a returned tip is
   * durable, a conflict is certain, and only LOG_UNREACHABLE leaves it open. `commit.prev` must be `after.hash`. Throws Fault
   * LOG_NEWER or LOG_DAMAGED when the aggregate's last message cannot be read: nothing is appended behind it.
   */
  append(aggregate: AggregateRef, after: StreamPosition, commit: Commit): Promise<StreamPosition>;
  /**
   * The aggregate's commits behind `afterSeq`, oldest first. The namespace of a job may be "*": ids are unique. Throws Fault LOG_NEWER
   * or LOG_DAMAGED when one of them cannot be read.
   */
  load(aggregate: AggregateRef, afterSeq?: number): Promise<readonly StoredCommit[]>;
  /** Every commit behind `afterSeq` that the filter lets through, in order, and then live, until closed. Survives reconnects without gap or reorder. */
  follow(
    filter: LogFilter,
    afterSeq: number,
    deliver: (stored: StoredCommit) => void,
    reading?: LogReading,
  ): Promise<Following>;
  /** Every commit behind `afterSeq` up to the end of the log as it was when called, in log order; resolves with that end. */
  scan(afterSeq: number, deliver: (stored: StoredCommit) => void, reading?: ScanReading): Promise<number>;
  /**
   * The commits about jobs behind `afterSeq` up to `upTo`, in order: all that the log's leader had when this was called, or about the
   * first `most`. Resolves with the position up to which all have been delivered. Makes no consumer; for short ranges.
   */
  range(
    range: LogRange,
    deliver: (stored: StoredCommit) => void,
    reading?: Pick<LogReading, "unreadable">,
  ): Promise<number>;
  /** The position of an aggregate's last message, from the log's leader; 0 when there is none. The namespace may be "*" as for `load`. */
  lastSeqOf(aggregate: AggregateRef): Promise<number>;
  /** The last position in the log; 0 when it is empty. */
  lastSeq(): Promise<number>;
}

/** Which commits: all of a shard (jobs and nodes), or those of jobs in a namespace or of one job. Nothing given means all. */
export type LogFilter =
  | {
      readonly shard: number;
      /** Asked for each commit before it is read; what the follower knows already (its own, mostly) is not delivered. */
      readonly knows?: (seq: number) => boolean;
    }
  | { readonly shard?: never; readonly namespace?: string; readonly jobId?: string };

/** A stretch of the log; without a shard that of all of them. */
export interface LogRange {
  readonly shard?: number;
  readonly afterSeq: number;
  readonly upTo: number;
  /** Commits after which the reading may stop; it ends with the page that reaches them. */
  readonly most: number;
}

/** A subscription; closing it twice is harmless. */
export interface Following {
  close(): Promise<void>;
}
