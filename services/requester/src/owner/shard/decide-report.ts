import type { Logger } from "@shoal/core";
import {
  type Clock,
  type CommandReply,
  causeOf,
  type JobCommand,
  type ReceivedReport,
  type ReportQueue,
} from "@shoal/core";
import { tokenProblem } from "@shoal/proto";
import type { AddressedCommand } from "../aggregate/mailbox.ts";
import { isUnreadable } from "../aggregate/quarantine.ts";
import { untilReachable } from "../aggregate/until-reachable.ts";

export interface ReportParts {
  /** Decides a command on an aggregate of the shard. */
  readonly command: (given: AddressedCommand) => Promise<CommandReply>;
  readonly reports: Pick<ReportQueue, "park">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** An operator has not approved this node, or has rejected it. */
  readonly isExcluded: (nodeId: string) => boolean;
  /** Fires when this requester no longer owns the shard. */
  readonly signal: AbortSignal;
}

/**
 * Decides on a report. Resolves with true once it is done: its commit is stored, it was refused, or it can never be
 * decided and is parked with its reason. Resolves with false when the shard was lost first: the next owner decides it.
 */
export async function decideReport(parts: ReportParts, received: ReceivedReport): Promise<boolean> {
  const { command, reports, logger } = parts;
  const { jobId, executionId, nodeId, report } = received;
  const facts = { nodeId, jobId, executionId };
  // The node writes the namespace; the job's own subject contains the job only under the right one.
  const problem = tokenProblem(report.namespace);
  const why = parts.isExcluded(nodeId) ? "the node is not approved" : problem && `namespace: ${problem}`;
  if (why !== undefined) {
    logger.info({ ...facts, why }, "refused a report");
    return true;
  }
  const aggregate = { kind: "job", namespace: report.namespace, id: jobId };
  const given: JobCommand = { name: "Report", nodeId, executionId, report };
  const decide = () => command({ aggregate, command: given, actor: { type: "node", id: nodeId } });
  try {
    const outcome = await untilReachable(decide, parts);
    if (outcome?.ok === false) logger.info({ ...facts, ...outcome.rejection }, "refused a report");
    return outcome !== undefined;
  } catch (failure) {
    const { code, why } = causeOf(failure);
    // This requester may no longer decide: the next owner does.
    if (code === "REQUESTER_BEHIND") return false;
    if (isUnreadable(failure)) {
      // Its job is in quarantine. The node repeats the report while its assignment exists.
      logger.info({ ...facts, code, why }, "refused a report");
      return true;
    }
    logger.warn({ ...facts, code, why }, "parked a report that cannot be decided");
    const park = () => reports.park(received, `${code}: ${why}`).then(() => true);
    return (await untilReachable(park, parts)) === true;
  }
}
