import { Fault, type ReportSender } from "@shoal/core";
import { subjects } from "@shoal/proto";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { encodeMessage } from "../message-codec.ts";

/**
 * Publishes a node's reports under its id. They have no message id: ids are shared by the whole stream, so that another node could
 * use them first. A report that is sent again is stored again, and the decision recognizes it as a duplicate.
 */
export function createReportSender(session: NatsSession, nodeId: string): ReportSender {
  return {
    async send({ jobId, executionId, report }) {
      const what = `reporting ${report.saw.kind} of ${executionId}`;
      const outcome = await session.publisher.publish({
        subject: subjects.report(nodeId, jobId, executionId),
        bytes: encodeMessage(report),
      });
      // A message without an id cannot be a duplicate: the server has not stored it.
      if (outcome.state === "stored" && !outcome.duplicate) return;
      if (outcome.state === "stored")
        throw unreachable(what, "the server took it for a duplicate and did not store it");
      if (outcome.state !== "refused") throw unreachable(what, outcome.why);
      throw new Fault(
        "LOG_UNSUITABLE",
        `the server refuses the report ${report.saw.kind} of ${executionId}: ${outcome.why}`,
      );
    },
  };
}
