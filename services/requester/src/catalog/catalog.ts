import type { Job } from "@shoal/core";
import type { JobEntity } from "@shoal/proto";

/** An index of all jobs, kept from the jobs view. It can be thrown away: the bucket fills it again. */
export interface Catalog {
  /**
   * A job as its log has it: the index takes it unless it has a newer one. So what this requester has appended or has read of a
   * job is in its lists at once, before the view has it.
   */
  folded(job: Job): void;
  /** The same for a job as an entry shows it, at the position of its last commit. */
  shown(entity: JobEntity, seq: number): void;
  /** What the index has of a job. */
  find(jobId: string): IndexedJob | undefined;
  /** Resolves once everything that was in the bucket when this was called has been indexed. Throws Fault LOG_UNREACHABLE. */
  caughtUp(): Promise<void>;
  /** Ids that begin with `prefix`, in order, at most `most`. */
  idsStartingWith(prefix: string, most: number): readonly string[];
  /** One page of jobs, in order. Looks at `scannedMax` jobs at most: a page may hold fewer than asked for and still go on. */
  list(query: JobQuery): JobPage;
}

/** A job as the index has it. */
export interface IndexedJob {
  readonly namespace: string;
  /** The log position up to which this is the job. */
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
  /** Where the page before ended. */
  readonly after?: JobPlace;
  /** Which jobs are wanted, by their labels. */
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
  /** Where the next page begins; undefined when this was the last. */
  readonly next: JobPlace | undefined;
  /** The greatest log position among the items; 0 when there are none. */
  readonly position: number;
}

/** The most jobs that one call looks at, so that a rare label cannot hold the process up: some 20 ms of work. */
export const scannedMax = 10_000;
