import { Fault, type ReportSender } from "@shoal/core";
import { subjects } from "@shoal/proto";
import { encode } from "../codec/plain-maps.ts";
import { type Link, unreachable } from "../connection/link.ts";
import { headerNames } from "../connection/message-headers.ts";

/** A node's voice: reports under its own id. The same report said again soon is stored once. */
export function createReportSender(link: Link, nodeId: string): ReportSender {
  return {
    async send({ jobId, executionId, report }) {
      const subject = subjects.report(nodeId, jobId, executionId);
      const outcome = await link.publisher.publish({
        subject,
        bytes: encode(report),
        headers: { [headerNames.messageId]: `${executionId}.${report.saw.kind}.${report.at}` },
      });
      if (outcome.state === "stored") return;
      if (outcome.state !== "refused") throw unreachable(`reporting ${report.saw.kind} of ${executionId}`, outcome.why);
      throw new Fault("LOG_UNSUITABLE", `the report ${report.saw.kind} of ${executionId} is refused: ${outcome.why}`);
    },
  };
}
