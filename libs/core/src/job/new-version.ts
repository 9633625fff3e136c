import { type JobSpec, JobStarted, JobUpdated, standingTypes } from "@shoal/proto";
import type { JobCommands } from "./commands.ts";
import { conclude, type JobDraft, openJob, stopSlots, typeOf, untilOf } from "./draft.ts";
import { type Job, liveExecutions } from "./job.ts";
import { stopOld, stoppedForUpdate } from "./old-versions.ts";
import { isSameRequest } from "./same-request.ts";

/** Why a version becomes the current one. */
interface VersionCause {
  readonly why: string;
  /** The version whose spec it repeats. */
  readonly of?: number;
  /** The version that is rolled back. */
  readonly failed?: number;
}

/** Makes another spec the current version. Refuses a changed job type, and without `force` an unchanged spec. */
export function update({ spec, force }: JobCommands["Update"], draft: JobDraft): void {
  const job = openJob(draft);
  const { id, spec: before } = job.header;
  if (spec.type !== before.type)
    draft.refuse("INVALID_SPEC", `job ${id} is a ${before.type} job: its type cannot become ${spec.type}`);
  if (!force && isSameRequest(before, spec)) draft.refuse("JOB_UNCHANGED", `Job Name: '${spec.name}', Job Id: '${id}'`);
  beginVersion(draft, spec, { why: "Job update requested by user" });
}

/** Runs the spec of a version as a new version. */
export function rerun({ version: asked, why }: JobCommands["Rerun"], draft: JobDraft): void {
  const job = openJob(draft);
  const { id, state, version: current } = job.header;
  if (state === "pending" || state === "queued")
    draft.refuse("ILLEGAL_TRANSITION", `cannot rerun job in state ${state}: it has not run yet`);
  const version = asked === 0 ? current : asked;
  const found = job.versions.get(version);
  if (found === undefined)
    draft.refuse("VERSION_NOT_FOUND", `job version ${version} not found for job ${id}: ${storedVersions(job)}`);
  beginVersion(draft, found.spec, { why, of: version });
}

const storedVersions = (job: Job): string => `stored versions are ${[...job.versions.keys()].join(", ")}`;

/**
 * Begins a version. A job that runs until it is stopped replaces its executions by a rollout; any other stops them, a bounded number at once.
 */
export function beginVersion(draft: JobDraft, spec: JobSpec, { why, ...cause }: VersionCause): void {
  const before = openJob(draft);
  draft.emit(JobUpdated.of({ spec, version: before.header.version + 1, why, ...cause, ...untilOf(spec, draft.now) }));
  const job = openJob(draft);
  const type = typeOf(draft, job);
  stopOld(draft);
  if (job.rollout !== undefined) {
    stopSlots(
      draft,
      liveExecutions(job).filter(({ placement }) => type.slotOf(job, placement.slot) === undefined),
      stoppedForUpdate,
    );
  }
  const isServing = standingTypes.includes(spec.type) && liveExecutions(openJob(draft)).some(isDesired);
  if (isServing || type.runsEmpty?.(openJob(draft)) === true) draft.emit(JobStarted.of({}));
  conclude(draft);
}

const isDesired = ({ state }: { readonly state: string }): boolean => state !== "stopping";
