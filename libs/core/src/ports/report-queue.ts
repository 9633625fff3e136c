import type { Report } from "@shoal/proto";

/** What nodes say. A node may say the same again, late, or out of order. */
export interface ReportSender {
  /** Resolves once the report is stored; throws Fault LOG_UNREACHABLE when it is not known to be. Say it again then. */
  send(report: OutgoingReport): Promise<void>;
}

/** A report with its address. */
export interface OutgoingReport {
  readonly jobId: string;
  readonly executionId: string;
  readonly report: Report;
}

/** A report as the shard's owner gets it. The node's id is that of the subject, which the server vouches for. */
export interface ReceivedReport extends OutgoingReport {
  readonly nodeId: string;
  readonly seq: number;
}

/** How reports are read. */
export interface ReportReading {
  /** Asked after each report: a promise while there is enough to do, and nothing is delivered until it resolves. It must not reject. */
  room?(): Promise<void> | undefined;
}

/** The owner's side of reports. */
export interface ReportQueue {
  /**
   * Every report of a shard behind `afterSeq`, in order, and then live. What cannot be read is parked with its reason and
   * counted, and the shard goes on. Whoever follows remembers how far it has got.
   */
  follow(
    shard: number,
    afterSeq: number,
    deliver: (report: ReceivedReport) => void,
    reading?: ReportReading,
  ): Promise<{ close(): Promise<void> }>;
  /** Puts a report aside that can never be decided, with the reason. Throws Fault LOG_UNREACHABLE when that is not known to be stored. */
  park(report: ReceivedReport, why: string): Promise<void>;
}
