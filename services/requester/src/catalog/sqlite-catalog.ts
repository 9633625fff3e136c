import { setImmediate } from "node:timers/promises";
import { type Clock, jobEntity, type Process } from "@shoal/core";
import { systemClock } from "@shoal/node";
import type { JobEntity } from "@shoal/proto";
import { BucketIndex, type BucketIndexParts } from "./bucket-index.ts";
import type { Catalog } from "./catalog.ts";
import { entityOf } from "./job-row.ts";
import { ListThread } from "./list-thread.ts";
import { inMemory } from "./open-database.ts";

export interface CatalogParts extends Omit<BucketIndexParts, "pause"> {
  /** Yields to other work of the process; one turn of the event loop when left out. */
  readonly pause?: BucketIndexParts["pause"];
  /** Limits the time of a list; the system's when left out. */
  readonly clock?: Clock;
}

/** A catalog in SQLite. Lists of one in a file are read in a thread; one in memory is for tests, and has no other thread. */
export function createCatalog(options: CatalogParts): Catalog & Process {
  const { pause = () => setImmediate(), clock = systemClock(), ...parts } = options;
  const index = new BucketIndex({ ...parts, pause });
  const thread = new ListThread({ file: parts.file, clock });
  const put = (id: string, seq: number, entity: () => JobEntity) => index.put(id, { entity, seq, isInBucket: false });
  return {
    name: "catalog",
    start: () => index.open(),
    async stop() {
      await thread.close();
      await index.close();
    },
    folded: (job) => put(job.header.id, job.seq, () => jobEntity(job)),
    shown: (entity, seq) => put(entity.id, seq, () => entity),
    find(jobId) {
      const row = index.table().find(jobId);
      return row === undefined
        ? undefined
        : { namespace: row.namespace, seq: row.seq, entity: () => entityOf(row.wire) };
    },
    seqOf: (jobId) => index.seqOf(jobId),
    caughtUp: () => index.caughtUp(),
    // "\uffff" sorts after every character that an id may have.
    idsStartingWith: (prefix, most) => index.table().idsFrom(prefix, `${prefix}\uffff`, most),
    async list(query) {
      if (parts.file === inMemory) return index.page(query);
      // The thread reads what is committed, and so everything that was added before this call.
      index.table();
      return thread.page(query);
    },
  };
}
