import { Fault } from "@shoal/core";
import type { Catalog } from "../catalog/catalog.ts";
import { namedJobId } from "../commands/ids.ts";
import type { PositionGate } from "./position-gate.ts";

export interface JobLocateParts {
  readonly catalog: Catalog;
  readonly positions: Pick<PositionGate, "reach">;
}

/** The scope of the search. */
export interface JobScope {
  /** `default` when left out. */
  readonly namespace?: string | undefined;
  /** The minimum position of the search; it matters for prefixes of an id, which the catalog resolves. */
  readonly position?: number;
}

/** How a client names a job, and how the job of an id is read: undefined when there is none. */
export interface JobSearch<T> {
  readonly called: string;
  readonly scope: JobScope;
  readonly read: (id: string) => Promise<T | undefined>;
}

const fullId = /^j-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Finds a job by its full id, its name in the namespace, or a prefix of its id. A full id has precedence, so that the
 * name of one job cannot hide another job. Throws Fault JOB_NOT_FOUND, MULTIPLE_JOBS.
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
    `job not found: ${called} (no job in namespace ${namespace} has this name, and no job has this id)`,
  );
}
