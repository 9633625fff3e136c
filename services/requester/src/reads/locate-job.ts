import { Fault } from "@shoal/core";
import type { Catalog } from "../catalog/catalog.ts";
import { namedJobId } from "../commands/ids.ts";
import type { PositionGate } from "./position-gate.ts";

export interface JobLocateParts {
  readonly catalog: Catalog;
  readonly positions: Pick<PositionGate, "reach">;
}

/** Where a job is looked for. */
export interface JobScope {
  /** `default` when left out. */
  readonly namespace?: string | undefined;
  /** The position that the search must not be older than; it matters for the beginning of an id, which the catalog knows. */
  readonly position?: number;
}

/** What a person calls a job, and how the job of an id is read: undefined when there is none. */
export interface JobSearch<T> {
  readonly called: string;
  readonly scope: JobScope;
  readonly read: (id: string) => Promise<T | undefined>;
}

const fullId = /^j-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Finds a job by what a person calls it: its full id, its name in the namespace, or the beginning of its id. A full id comes first, so
 * that no job can take another's place by its name. Throws Fault JOB_NOT_FOUND, MULTIPLE_JOBS.
 */
export async function locateJob<T>(parts: JobLocateParts, { called, scope, read }: JobSearch<T>): Promise<T> {
  const { catalog, positions } = parts;
  const { namespace = "default", position = 0 } = scope;
  const byId = fullId.test(called) ? await read(called) : undefined;
  const found = byId ?? (await read(namedJobId(namespace, called)));
  if (found !== undefined) return found;
  const mayBegin = called.startsWith("j-");
  if (mayBegin) await positions.reach(position);
  const [only, other] = mayBegin ? catalog.idsStartingWith(called, 2) : [];
  if (other !== undefined) throw new Fault("MULTIPLE_JOBS", `multiple jobs found for id ${called}`);
  const begun = only === undefined ? undefined : await read(only);
  if (begun !== undefined) return begun;
  throw new Fault(
    "JOB_NOT_FOUND",
    `job not found: ${called} (looked for a name in namespace ${namespace} and for an id)`,
  );
}
