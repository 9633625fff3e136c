import type { Job } from "@shoal/core";
import type { JobEntity } from "@shoal/proto";

/** An index of all jobs, built from the jobs view. It can be deleted: it is rebuilt from the bucket. */
export interface Catalog {
  /**
   * Adds a job as its log has it, unless the index has a newer state. So the commits that this requester has appended
   * or read are in its lists at once, before the view has them.
   */
  folded(job: Job): void;
  /** The same for a job from a view's entry, at the position of its last commit. */
  shown(entity: JobEntity, seq: number): void;
  /** The job in the index. */
  find(jobId: string): IndexedJob | undefined;
  /**
   * Resolves once every entry that was in the bucket at the time of the call is indexed. Throws Fault LOG_UNREACHABLE.
   */
  caughtUp(): Promise<void>;
  /** Ids that begin with `prefix`, in order, at most `most`. */
  idsStartingWith(prefix: string, most: number): readonly string[];
  /**
   * One page of jobs, in order. Scans at most `scannedMax` jobs: a page may have fewer items than requested and still
   * have a next page.
   */
  list(query: JobQuery): JobPage;
}

/** A job in the index. */
export interface IndexedJob {
  readonly namespace: string;
  /** The log position of this state of the job. */
  readonly seq: number;
  entity(): JobEntity;
}

export const jobOrders = ["createTime", "modifyTime"] as const;
export type JobOrder = (typeof jobOrders)[number];

export interface JobQuery {
  /** All namespaces when left out. */
  readonly namespace?: string;
  readonly order: JobOrder;
  /** Newest first. */
  readonly reverse: boolean;
  readonly limit: number;
  /** Where the previous page ended. */
  readonly after?: JobPlace;
  /** The label requirements that the jobs match. */
  readonly wants?: (labels: Readonly<Record<string, string>>) => boolean;
}

/** A place in an ordered list of jobs. */
export interface JobPlace {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly jobId: string;
}

export interface JobPage {
  readonly items: readonly JobEntity[];
  /** Where the next page begins; undefined on the last page. */
  readonly next: JobPlace | undefined;
  /** The greatest log position among the items; 0 when there are none. */
  readonly position: number;
}

/** The most jobs that one call scans, so that a rare label cannot block the process: some 20 ms of work. */
export const scannedMax = 10_000;
