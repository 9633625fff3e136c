import { Report, shardOf } from "@shoal/proto";
import { paced } from "../../paced.ts";
import type { OutgoingReport, ReceivedReport, ReportQueue, ReportSender } from "../../ports/report-queue.ts";
import type { Dice } from "../dice.ts";
import type { Berth } from "./berth.ts";
import type { Faults } from "./faults.ts";

/** What the nodes have said, as a server would keep it. */
export interface ReportStore {
  readonly reports: readonly ReceivedReport[];
  /** What could not be read, with its reason. */
  readonly parked: readonly { readonly seq: number; readonly why: string }[];
  park(seq: number, why: string): void;
  readonly onStored: Set<(report: ReceivedReport) => void>;
  /** Stores what a node says, readable or not. */
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
      for (const tell of onStored) tell(received);
    },
  };
}

/** The node's side; its berth's name is the node's id. Now and then a report is stored twice, as after a lost answer. */
export function memoryReportSender(
  berth: Berth,
  store: ReportStore,
  doubling: { readonly dice: Dice; readonly faults: () => Faults },
): ReportSender {
  return {
    send: (outgoing: OutgoingReport) =>
      berth.exchange("reports", () => {
        store.store(berth.name, outgoing);
        if (doubling.dice.chance(doubling.faults().reportDoubled)) store.store(berth.name, outgoing);
      }),
  };
}

/** The requester's side. */
export function memoryReportQueue(berth: Berth, store: ReportStore): ReportQueue {
  return {
    async follow(shard, afterSeq, ...[deliver, reading = {}]) {
      const hearing = berth.hearing();
      const reports = paced(deliver, reading.room);
      hearing.onClosed(() => reports.close());
      const tell = (report: ReceivedReport): void => {
        if (report.seq > afterSeq && shardOf(report.jobId) === shard) hearing.push(() => reports.add(report));
      };
      await berth.exchange("follow", () => {
        for (const report of store.reports) tell(report);
        store.onStored.add(tell);
        hearing.onClosed(() => store.onStored.delete(tell));
      });
      return { close: async () => hearing.close() };
    },
    park: ({ seq }, why) => berth.exchange("park", () => store.park(seq, why)),
  };
}
