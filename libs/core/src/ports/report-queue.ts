import type { Report } from "@shoal/proto";

/** Sends the reports of a node. Reports may be repeated, late, or out of order. */
export interface ReportSender {
  /** Resolves once the report is stored; throws Fault LOG_UNREACHABLE when that is unknown. Send it again then. */
  send(report: OutgoingReport): Promise<void>;
}

/** A report with its address. */
export interface OutgoingReport {
  readonly jobId: string;
  readonly executionId: string;
  readonly report: Report;
}

/** A report as the shard's owner receives it. The node's id is the one in the subject, which the server's permissions guarantee. */
export interface ReceivedReport extends OutgoingReport {
  readonly nodeId: string;
  readonly seq: number;
}

/** Options of following reports. */
export interface ReportReading {
  /** Called after each report: a promise pauses delivery until it resolves. It must not reject. */
  room?(): Promise<void> | undefined;
}

/** The owner's side of reports. */
export interface ReportQueue {
  /**
   * Every report of a shard after `afterSeq`, in order, and then live. An unreadable report is parked with its reason and
   * counted, and the shard continues. The caller stores its position.
   */
  follow(
    shard: number,
    afterSeq: number,
    deliver: (report: ReceivedReport) => void,
    reading?: ReportReading,
  ): Promise<{ close(): Promise<void> }>;
  /** Parks a report that can never be decided, with the reason. Throws Fault LOG_UNREACHABLE when it is unknown whether that is stored. */
  park(report: ReceivedReport, why: string): Promise<void>;
}
