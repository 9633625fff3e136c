import type { AggregateRef, Commit } from "@shoal/proto";

/** A commit as stored in the log. */
export interface StoredCommit {
  readonly aggregate: AggregateRef;
  /** The position in the log: ascending, with gaps. */
  readonly seq: number;
  /** SHA-256 of the commit's bytes, in hexadecimal: the next commit's `prev`. */
  readonly hash: string;
  readonly commit: Commit;
}

/** The position of an aggregate's last commit: its next commit must build on it. */
export interface StreamPosition {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first commit of an aggregate. */
export const noStreamPosition: StreamPosition = { seq: 0, hash: "" };

/** A message of the log that this version cannot read, or cannot trust. No commit is appended after it. */
export interface UnreadableCommit {
  readonly aggregate: AggregateRef;
  readonly seq: number;
  /** LOG_NEWER: a later form, or an event or a kind unknown to this version. LOG_DAMAGED: not a commit. */
  readonly code: "LOG_NEWER" | "LOG_DAMAGED";
  readonly why: string;
}

/** Options for a reader of many aggregates: an unreadable message does not stop the others. */
export interface LogReading {
  /** Called in log order, in place of `deliver`. */
  unreadable?(message: UnreadableCommit): void;
  /** Called after each delivery: a promise pauses delivery until it resolves. It must not reject. */
  room?(): Promise<void> | undefined;
}

/** Options of a scan. */
export interface ScanReading extends LogReading {
  /** Only the commits of this shard. */
  readonly shard?: number;
  /** Ends the scan early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The event log. Every method throws Fault LOG_UNREACHABLE when the log does not answer in time. */
export interface EventLog {
  /**
   * Appends one commit after `after`, or throws Fault REVISION_CONFLICT when the aggregate has another commit there. When the
   * answer is lost it checks whether the commit is stored (by its id): a returned position is
   * durable, a conflict is certain, and only LOG_UNREACHABLE leaves the outcome open. `commit.prev` must be `after.hash`. Throws Fault
   * LOG_NEWER or LOG_DAMAGED when the aggregate's last message cannot be read: no commit is appended after it.
   */
  append(aggregate: AggregateRef, after: StreamPosition, commit: Commit): Promise<StreamPosition>;
  /**
   * The aggregate's commits after `afterSeq`, oldest first. The namespace of a job may be "*": ids are unique. Throws Fault LOG_NEWER
   * or LOG_DAMAGED when one of them cannot be read.
   */
  load(aggregate: AggregateRef, afterSeq?: number): Promise<readonly StoredCommit[]>;
  /** Every matching commit after `afterSeq`, in order, and then live, until closed. Survives reconnects without gap or reorder. */
  follow(
    filter: LogFilter,
    afterSeq: number,
    deliver: (stored: StoredCommit) => void,
    reading?: LogReading,
  ): Promise<Following>;
  /** Every commit after `afterSeq` up to the end of the log at the time of the call, in log order; resolves with that end. */
  scan(afterSeq: number, deliver: (stored: StoredCommit) => void, reading?: ScanReading): Promise<number>;
  /**
   * The commits of jobs after `afterSeq` up to `upTo`, in order: all that the log's leader had at the time of the call, or about the
   * first `most`. Resolves with the position up to which all are delivered. Creates no consumer; for short ranges.
   */
  range(
    range: LogRange,
    deliver: (stored: StoredCommit) => void,
    reading?: Pick<LogReading, "unreadable">,
  ): Promise<number>;
  /** The position of an aggregate's last message, from the log's leader; 0 when there is none. The namespace may be "*" as for `load`. */
  lastSeqOf(aggregate: AggregateRef): Promise<number>;
  /** Every aggregate of a kind that has a message in the log, as the log's leader has them. For kinds with few aggregates. */
  aggregatesOf(kind: string): Promise<readonly AggregateRef[]>;
  /** The last position in the log; 0 when it is empty. */
  lastSeq(): Promise<number>;
}

/** Selects commits: all of a shard (jobs and nodes), those of jobs in a namespace, or those of one job. By default all. */
export type LogFilter =
  | {
      readonly shard: number;
      /** Called for each commit before it is read; a commit that the follower knows already (mostly its own) is not delivered. */
      readonly knows?: (seq: number) => boolean;
    }
  | { readonly shard?: never; readonly namespace?: string; readonly jobId?: string };

/** A range of the log; of all shards when none is given. */
export interface LogRange {
  readonly shard?: number;
  readonly afterSeq: number;
  readonly upTo: number;
  /** Commits after which the read may stop; it ends with the page that reaches them. */
  readonly most: number;
}

/** A subscription; closing it twice is harmless. */
export interface Following {
  close(): Promise<void>;
}
