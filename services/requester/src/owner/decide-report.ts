import { type Clock, causeOf, type ReceivedReport, type ReportQueue } from "@shoal/core";
import type { AggregateRef } from "@shoal/proto";
import type { Diary } from "../ports.ts";
import type { JobDesk } from "./job-desk.ts";
import { untilReachable } from "./until-reachable.ts";

export interface ReportParts {
  readonly deskOf: (ref: AggregateRef) => Promise<Pick<JobDesk, "command">>;
  readonly reports: Pick<ReportQueue, "park">;
  readonly clock: Clock;
  readonly diary: Diary;
  /** Fires when the shard is no longer owned here. */
  readonly signal: AbortSignal;
}

/**
 * Decides on a report. Resolves with true once it is worked off: what follows from it is stored, it was refused, or it can never
 * be decided and is parked with its reason. False when the shard went first: the next owner decides it.
 */
export async function decideReport(parts: ReportParts, received: ReceivedReport): Promise<boolean> {
  const { deskOf, reports, diary } = parts;
  const { jobId, executionId, nodeId, report } = received;
  const facts = { nodeId, jobId, executionId };
  const decide = async () => {
    const desk = await deskOf({ kind: "job", namespace: report.namespace, id: jobId });
    return desk.command({ name: "Report", nodeId, executionId, report });
  };
  try {
    const outcome = await untilReachable(decide, parts);
    if (outcome?.ok === false) diary.info({ ...facts, ...outcome.rejection }, "a report was refused");
    return outcome !== undefined;
  } catch (failure) {
    const { code, why } = causeOf(failure);
    diary.warn({ ...facts, code, why }, "a report cannot be decided and is parked");
    const park = () => reports.park(received, `${code}: ${why}`).then(() => true);
    return (await untilReachable(park, parts)) === true;
  }
}
