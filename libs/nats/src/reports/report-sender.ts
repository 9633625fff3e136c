import { Fault, type ReportSender } from "@shoal/core";
import { subjects } from "@shoal/proto";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { encodeMessage } from "../message-codec.ts";

/**
 * A node's voice: reports under its own id. They carry no message id: ids are shared by the whole stream, so that another
 * node could use them up before. The same report said again is stored again, and decided on as one that is known.
 */
export function createReportSender(link: NatsSession, nodeId: string): ReportSender {
  return {
    async send({ jobId, executionId, report }) {
      const what = `reporting ${report.saw.kind} of ${executionId}`;
      const outcome = await link.publisher.publish({
        subject: subjects.report(nodeId, jobId, executionId),
        bytes: encodeMessage(report),
      });
      // Nothing without an id can be a duplicate: whatever the server means, it has not stored this.
      if (outcome.state === "stored" && !outcome.duplicate) return;
      if (outcome.state === "stored") throw unreachable(what, "the server calls it a duplicate and did not store it");
      if (outcome.state !== "refused") throw unreachable(what, outcome.why);
      throw new Fault("LOG_UNSUITABLE", `the report ${report.saw.kind} of ${executionId} is refused: ${outcome.why}`);
    },
  };
}
