import type { DatabaseSync } from "node:sqlite";
import { assert, Fault, jobEntity, type Process, type ViewEntry, type ViewStore, type ViewWatch } from "@shoal/core";
import { type Catalog, type JobPage, type JobQuery, scannedMax } from "./catalog.ts";
import { entityOf, labelsOf } from "./job-row.ts";
import { type JobTable, jobTable } from "./job-table.ts";
import { openDatabase } from "./open-database.ts";
import { pendingRows } from "./pending-rows.ts";

export interface CatalogParts {
  /** The jobs bucket. */
  readonly views: ViewStore;
  /** A file, or `inMemory`. */
  readonly file: string;
}

// Rows read at once while looking for jobs with the wanted labels.
const stretchRows = 500;

/** A catalog in SQLite. Writes are gathered until somebody reads or enough wait, so a job that changes often is written once. */
export function createCatalog({ views, file }: CatalogParts): Catalog & Process {
  const pending = pendingRows();
  let database: DatabaseSync | undefined;
  let table: JobTable | undefined;
  let watch: ViewWatch | undefined;
  // What the first telling named; what else an old file holds is gone from the bucket.
  let named: Set<string> | undefined = new Set();

  function current(): JobTable {
    assert(table !== undefined, "the catalog was asked before it was started");
    pending.writeTo(table);
    return table;
  }

  function changed(key: string, value: ViewEntry | undefined): void {
    const jobId = key.slice(key.indexOf(".") + 1);
    if (value === undefined) pending.remove(jobId);
    else {
      pending.put(jobId, value);
      named?.add(jobId);
    }
    if (pending.full()) current();
  }

  function forgetOthers(): void {
    if (named === undefined) return;
    for (const id of current().allIds()) if (!named.has(id)) pending.remove(id);
    named = undefined;
  }

  return {
    name: "catalog",
    async start() {
      database = openDatabase(file);
      table = jobTable(database);
      const { promise: ready, resolve } = Promise.withResolvers<void>();
      // Everything may have been passed on before the watch itself is answered for: it is open once both have happened.
      watch = await views.watch(">", { changed, ready: () => resolve(forgetOthers()) });
      await ready;
    },
    async stop() {
      await watch?.close();
      if (table !== undefined) current();
      database?.close();
    },
    folded(job) {
      pending.put(job.header.id, { seq: job.seq, job: jobEntity(job) });
      if (pending.full()) current();
    },
    seqOf: (jobId) => current().seqOf(jobId),
    openJobs: (shard) => current().open(shard),
    async caughtUp() {
      if (watch === undefined) throw new Fault("LOG_UNREACHABLE", "the catalog does not watch its bucket yet");
      await watch.caughtUp();
    },
    // "\uffff" stands behind every character that an id may hold.
    idsBeginning: (prefix, most) => current().idsFrom(prefix, `${prefix}\uffff`, most),
    list: (query) => listed(current(), query),
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
