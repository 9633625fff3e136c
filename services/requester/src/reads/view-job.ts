import { type Clock, executionEntities, jobEntity, resultWithin, type ViewEntry, type ViewStore } from "@shoal/core";
import type { ExecutionEntity, JobEntity } from "@shoal/proto";
import { z } from "zod";
import { type JobReadParts, readJob } from "./find-job.ts";
import { type JobScope, locateJob } from "./locate-job.ts";

/** A job as the API shows it, at its last commit. */
export interface ViewedJob {
  readonly entity: JobEntity;
  /** Empty unless they were requested. */
  readonly executions: readonly ExecutionEntity[];
  /** The position of the job's last commit. */
  readonly seq: number;
}

export interface JobViewParts extends JobReadParts {
  readonly views: { readonly jobs: Pick<ViewStore, "get"> };
  readonly clock: Clock;
}

export interface JobViewScope extends JobScope {
  readonly withExecutions?: boolean;
}

/**
 * Finds a job, never older than its log. The entry of the index or the bucket is served when it is at the job's last
 * position, which the log's leader returns; otherwise the log is folded. Throws as `locateJob`.
 */
export function viewJob(parts: JobViewParts, called: string, scope: JobViewScope = {}): Promise<ViewedJob> {
  const read = scope.withExecutions === true ? readWithExecutions : readAlone;
  return locateJob(parts, { called, scope, read: (id) => read(parts, id) });
}

const refOf = (id: string) => ({ kind: "job", namespace: "*", id }) as const;

async function readAlone(parts: JobViewParts, id: string): Promise<ViewedJob | undefined> {
  const { log, catalog } = parts;
  const seq = await log.lastSeqOf(refOf(id));
  if (seq === 0) return undefined;
  const indexed = catalog.find(id);
  if (indexed?.seq === seq) return { entity: indexed.entity(), executions: [], seq };
  return folded(parts, id);
}

async function readWithExecutions(parts: JobViewParts, id: string): Promise<ViewedJob | undefined> {
  const { log, catalog } = parts;
  const indexed = catalog.find(id);
  const [seq, entry] = await Promise.all([
    log.lastSeqOf(refOf(id)),
    indexed === undefined ? undefined : entryOf(parts, `${indexed.namespace}.${id}`),
  ]);
  if (seq === 0) return undefined;
  const viewed = entry?.seq === seq ? viewedIn(entry) : undefined;
  if (viewed === undefined) return folded(parts, id);
  // The index may be slightly behind the bucket, and lists must not be older than this read.
  if (catalog.seqOf(id) < seq) catalog.shown(viewed.entity, seq);
  return viewed;
}

// The bucket answers in a millisecond. One that is being recreated does not answer, and then the log is read.
const entryMs = 500;

function entryOf({ views, clock }: JobViewParts, key: string): Promise<ViewEntry | undefined> {
  return resultWithin(
    views.jobs.get(key).catch(() => undefined),
    { clock, limitMs: entryMs },
  );
}

// Shoal's own view entry: its form was checked when it was rendered.
const Entry = z.object({
  seq: z.number(),
  job: z.custom<JobEntity>((value) => typeof value === "object" && value !== null),
  executions: z.custom<readonly ExecutionEntity[]>(Array.isArray),
});

/** The content of an entry; undefined when it omits the executions because they are many or large. */
function viewedIn(entry: ViewEntry): ViewedJob | undefined {
  const read = Entry.safeParse(entry);
  if (!read.success) return undefined;
  const { seq, job: entity, executions } = read.data;
  return { seq, entity, executions };
}

/** Lists of this requester are not older than what was folded here. */
async function folded({ log, catalog }: JobViewParts, id: string): Promise<ViewedJob | undefined> {
  const found = await readJob(log, id);
  if (found === undefined) return undefined;
  const { job } = found;
  catalog.folded(job);
  return { entity: jobEntity(job), executions: executionEntities(job), seq: job.seq };
}
