import { type Chance, type EventLog, Fault, foldJob, type Job, type StoredCommit } from "@shoal/core";
import type { Catalog } from "../catalog/catalog.ts";
import { namedJobId } from "../commands/ids.ts";
import type { PositionGate } from "./position-gate.ts";

/** A job as the log has it now. */
export interface FoundJob {
  readonly job: Job;
  /** Its commits, oldest first. */
  readonly stored: readonly StoredCommit[];
}

export interface JobReadParts {
  readonly log: EventLog;
  readonly catalog: Catalog;
  readonly chance: Chance;
  readonly positions: Pick<PositionGate, "reach">;
}

/** Where a job is looked for. */
export interface JobScope {
  /** `default` when left out. */
  readonly namespace?: string | undefined;
  /** The position that the search must not be older than; it matters for the beginning of an id, which the catalog knows. */
  readonly position?: number;
}

const fullId = /^j-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Finds a job by what a person calls it, fresh from the log: its full id, its name in the namespace, or the beginning of its id.
 * A full id comes first, so that nobody can take another's place by naming a job after it. Throws Fault JOB_NOT_FOUND, MULTIPLE_JOBS.
 */
export async function findJob(parts: JobReadParts, called: string, place: JobScope = {}): Promise<FoundJob> {
  const { log, catalog, chance, positions } = parts;
  const { namespace = "default", position = 0 } = place;
  const byId = fullId.test(called) ? await readJob(log, called) : undefined;
  const found = byId ?? (await readJob(log, namedJobId(chance, namespace, called)));
  if (found !== undefined) return found;
  const mayBegin = called.startsWith("j-");
  if (mayBegin) await positions.reach(position);
  const [only, other] = mayBegin ? catalog.idsBeginning(called, 2) : [];
  if (other !== undefined) throw new Fault("MULTIPLE_JOBS", `multiple jobs found for id ${called}`);
  const begun = only === undefined ? undefined : await readJob(log, only);
  if (begun !== undefined) return begun;
  throw new Fault(
    "JOB_NOT_FOUND",
    `job not found: ${called} (looked for a name in namespace ${namespace} and for an id)`,
  );
}

async function readJob(log: EventLog, id: string): Promise<FoundJob | undefined> {
  const stored = await log.load({ kind: "job", namespace: "*", id });
  const job = foldJob(stored);
  return job === undefined ? undefined : { job, stored };
}
