import { Report, shardOf } from "@shoal/proto";
import { paced } from "../../paced.ts";
import type { OutgoingReport, ReceivedReport, ReportQueue, ReportSender } from "../../ports/report-queue.ts";
import type { Prng } from "../prng.ts";
import type { Faults } from "./faults.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** The report stream of the server. */
export interface ReportStore {
  readonly reports: readonly ReceivedReport[];
  /** Parked reports, each with its reason. */
  readonly parked: readonly { readonly seq: number; readonly why: string }[];
  park(seq: number, why: string): void;
  readonly onStored: Set<(report: ReceivedReport) => void>;
  /** Stores a report, readable or not. */
  store(
    nodeId: string,
    outgoing: { readonly jobId: string; readonly executionId: string; readonly report: unknown },
  ): void;
}

export function createReportStore(): ReportStore {
  const reports: ReceivedReport[] = [];
  const parked: { seq: number; why: string }[] = [];
  const onStored = new Set<(report: ReceivedReport) => void>();
  let seq = 0;
  return {
    reports,
    parked,
    park: (at, why) => void parked.push({ seq: at, why }),
    onStored,
    store(nodeId, { jobId, executionId, report }) {
      seq++;
      const read = Report.safeParse(JSON.parse(JSON.stringify(report)));
      if (!read.success) {
        parked.push({ seq, why: read.error.message });
        return;
      }
      const received: ReceivedReport = { nodeId, seq, jobId, executionId, report: read.data };
      reports.push(received);
      for (const emit of onStored) emit(received);
    },
  };
}

/** The node's side; the name of its simulated process is the node's id. A report is sometimes stored twice, as after a lost answer. */
export function memoryReportSender(
  proc: SimulatedProcess,
  store: ReportStore,
  doubling: { readonly prng: Prng; readonly faults: () => Faults },
): ReportSender {
  return {
    send: (outgoing: OutgoingReport) =>
      proc.exchange("reports", () => {
        store.store(proc.name, outgoing);
        if (doubling.prng.happens(doubling.faults().reportDoubled)) store.store(proc.name, outgoing);
      }),
  };
}

/** The requester's side. */
export function memoryReportQueue(proc: SimulatedProcess, store: ReportStore): ReportQueue {
  return {
    async follow(shard, afterSeq, ...[deliver, reading = {}]) {
      const pushChannel = proc.pushChannel();
      const reports = paced(deliver, reading.room);
      pushChannel.onClosed(() => reports.close());
      const emit = (report: ReceivedReport): void => {
        if (report.seq > afterSeq && shardOf(report.jobId) === shard) pushChannel.push(() => reports.add(report));
      };
      await proc.exchange("follow", () => {
        for (const report of store.reports) emit(report);
        store.onStored.add(emit);
        pushChannel.onClosed(() => store.onStored.delete(emit));
      });
      return { close: async () => pushChannel.close() };
    },
    park: ({ seq }, why) => proc.exchange("park", () => store.park(seq, why)),
  };
}
