import { setImmediate } from "node:timers/promises";
import { jobEntity, type Process } from "@shoal/core";
import type { JobEntity } from "@shoal/proto";
import { BucketIndex, type BucketIndexParts } from "./bucket-index.ts";
import { type Catalog, type JobPage, type JobQuery, scannedMax } from "./catalog.ts";
import { entityOf, labelsOf } from "./job-row.ts";
import type { JobTable } from "./job-table.ts";

export interface CatalogParts extends Omit<BucketIndexParts, "pause"> {
  /** Yields to other work of the process; one turn of the event loop when left out. */
  readonly pause?: BucketIndexParts["pause"];
}

// Rows read at once during a search by labels.
const stretchRows = 500;

/** A catalog in SQLite. */
export function createCatalog({ pause = () => setImmediate(), ...parts }: CatalogParts): Catalog & Process {
  const index = new BucketIndex({ ...parts, pause });
  const put = (id: string, seq: number, entity: () => JobEntity) => index.put(id, { entity, seq, isInBucket: false });
  return {
    name: "catalog",
    start: () => index.open(),
    stop: () => index.close(),
    folded: (job) => put(job.header.id, job.seq, () => jobEntity(job)),
    shown: (entity, seq) => put(entity.id, seq, () => entity),
    find(jobId) {
      const row = index.table().find(jobId);
      return row === undefined
        ? undefined
        : { namespace: row.namespace, seq: row.seq, entity: () => entityOf(row.entity) };
    },
    caughtUp: () => index.caughtUp(),
    // "\uffff" sorts after every character that an id may have.
    idsStartingWith: (prefix, most) => index.table().idsFrom(prefix, `${prefix}\uffff`, most),
    list: (query) => listed(index.table(), query),
  };
}

function listed(table: JobTable, { namespace, order, reverse, limit, after, wants }: JobQuery): JobPage {
  const items: JobPage["items"][number][] = [];
  let position = 0;
  let place = after;
  for (let scanned = 0; scanned < scannedMax; ) {
    const most = wants === undefined ? limit - items.length : stretchRows;
    const found = table.stretch({ namespace, order, reverse, after: place, most: most + 1 });
    for (const { id, at, seq, labels, entity } of found.slice(0, most)) {
      if (items.length === limit) return { items, next: place, position };
      if (wants === undefined || wants(labelsOf(labels))) {
        items.push(entityOf(entity));
        position = Math.max(position, seq);
      }
      place = { at, jobId: id };
    }
    if (found.length <= most) return { items, next: undefined, position };
    if (items.length === limit) return { items, next: place, position };
    scanned += found.length;
  }
  return { items, next: place, position };
}
