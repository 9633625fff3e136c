import { Fault, type StoredCommit } from "@shoal/core";
import { apiRoutes, fromWire, JobUpdated } from "@shoal/proto";
import { clientActor } from "../client-actor.ts";
import { jobAt, jobViewAt } from "../job-at.ts";
import { defineHandler } from "../route-handler.ts";

export const rerunJob = defineHandler(apiRoutes.rerunJob, async (request, context) => {
  const read = fromWire(apiRoutes.rerunJob.body, request.body ?? {});
  if (!read.ok) throw new Fault("BAD_REQUEST", read.problems.join("\n"));
  const { jobVersion: version, reason } = read.value;
  const { entity } = await jobViewAt(request, context);
  const { seq } = await context.commands.rerun(entity.id, {
    version,
    why: reason || "Job rerun requested by user",
    actor: clientActor(request.request),
  });
  request.reflects(seq);
  const { job, stored } = await jobAt(request, context);
  const jobVersion = versionBegunAt(stored, seq) ?? job.header.version;
  return { jobId: entity.id, jobVersion, evaluationId: context.random.uuid(), warnings: [] };
});

/** The version that the commit at a position began; another update may have followed it. */
function versionBegunAt(stored: readonly StoredCommit[], seq: number): number | undefined {
  const events = stored.find((each) => each.seq === seq)?.commit.events ?? [];
  const updated = events.find(({ type }) => type === JobUpdated.name);
  const data = JobUpdated.data.safeParse(updated?.data);
  return data.success ? data.data.version : undefined;
}
