import { paced, type ReceivedReport, type ReportQueue } from "@shoal/core";
import { isShallow, levelsMax, Report, reportBytesMax, reporterOf, shardOf, streams, subjects } from "@shoal/proto";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import type { ReadMessage } from "../stream/read-message.ts";
import { readStream } from "../stream/reading.ts";
import { park } from "./park.ts";

/** The reports of all nodes. `onParked` is called with the number of messages that this process has parked. */
export function createReportQueue(session: NatsSession, onParked: (count: number) => void): ReportQueue {
  let parked = 0;
  return {
    async follow(shard, afterSeq, ...[deliver, reading = {}]) {
      const reports = paced(deliver, reading.room);
      const following = await readStream(session, {
        stream: streams.reports,
        filter: subjects.reportsOfShard(shard),
        from: { at: "behind", seq: afterSeq },
        deliver(message) {
          const report = readReport(message);
          if (typeof report !== "string") return reports.add(report);
          parked += 1;
          onParked(parked);
          void park(session, { shard, message, why: report });
        },
        room: reports.room,
      });
      return {
        close() {
          reports.close();
          return following.close();
        },
      };
    },
    async park({ nodeId, jobId, executionId, seq, report }, why) {
      const subject = subjects.report(nodeId, jobId, executionId);
      const message = { subject, seq, bytes: encodeMessage(report), header: () => "" };
      if (!(await park(session, { shard: shardOf(jobId), message, why })))
        throw unreachable(`parking a report of ${executionId}`, "the server did not store it");
      parked += 1;
      onParked(parked);
    },
  };
}

/** Returns the report, or the reason why the message is not one. */
function readReport(message: ReadMessage): ReceivedReport | string {
  const reporter = reporterOf(message.subject);
  if (reporter === undefined) return "its subject is no report's";
  const { length } = message.bytes;
  if (length > reportBytesMax) return `expected a report of at most ${reportBytesMax} bytes, got ${length}`;
  const data = decodeMessage(message.bytes);
  if (!isShallow(data)) return `expected data of at most ${levelsMax} levels`;
  const report = Report.safeParse(data);
  if (report.success) return { ...reporter, seq: message.seq, report: report.data };
  const issue = report.error.issues[0];
  return `expected a report: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`;
}
