import type { Job } from "@shoal/core";
import type { Constraint, JobEntity } from "@shoal/proto";

/** An index of all jobs, built from the jobs view. It can be deleted: it is rebuilt from the bucket. */
export interface Catalog {
  /**
   * Adds a job as its log has it, unless the index has a newer state. So the commits that this requester has appended
   * or read are in its lists at once, before the view has them.
   */
  folded(job: Job): void;
  /** The same for a job from a view's entry, at the position of its last commit. */
  shown(entity: JobEntity, seq: number): void;
  /** The job in the index, after all pending changes are written. */
  find(jobId: string): IndexedJob | undefined;
  /** The log position of the job's state in the index; 0 without the job. It writes nothing, so that each request may ask. */
  seqOf(jobId: string): number;
  /**
   * Resolves once every entry that was in the bucket at the time of the call is indexed. Throws Fault LOG_UNREACHABLE.
   */
  caughtUp(): Promise<void>;
  /** Ids that begin with `prefix`, in order, at most `most`. */
  idsStartingWith(prefix: string, most: number): readonly string[];
  /**
   * One page of jobs, in order, with everything that was added before the call. Scans at most `scannedMax` jobs: a page
   * may have fewer items than requested and still have a next page. Throws Fault NOT_READY, TIMED_OUT, TOO_MANY.
   */
  list(query: JobQuery): Promise<JobPage>;
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
  /** What the labels of the jobs meet, all of it. */
  readonly labels?: readonly Constraint[];
}

/** A place in an ordered list of jobs. */
export interface JobPlace {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly jobId: string;
}

export interface JobPage {
  /** The jobs as JSON in the API's form, separated by commas. */
  readonly json: Uint8Array;
  /** The number of jobs. */
  readonly count: number;
  /** Where the next page begins; undefined on the last page. */
  readonly next: JobPlace | undefined;
  /** The greatest log position among the jobs; 0 when there are none. */
  readonly position: number;
}
