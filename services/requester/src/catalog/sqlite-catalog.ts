import type { DatabaseSync } from "node:sqlite";
import { assert, type Clock, foldJob, jobEntity, type Process, type ViewEntry, type ViewStore } from "@shoal/core";
import { type Catalog, type JobPage, type JobQuery, scannedMax } from "./catalog.ts";
import { entityOf, labelsOf } from "./job-row.ts";
import { type JobTable, jobTable } from "./job-table.ts";
import { openDatabase } from "./open-database.ts";
import { pendingRows } from "./pending-rows.ts";
import { createSyncMark } from "./sync-mark.ts";

export interface CatalogParts {
  /** The jobs bucket. */
  readonly views: ViewStore;
  readonly clock: Clock;
  readonly requesterId: string;
  /** A file, or `inMemory`. */
  readonly file: string;
}

// Rows read at once while looking for jobs with the wanted labels.
const stretchRows = 500;

/** A catalog in SQLite. Writes are gathered until somebody reads or enough wait, so a job that changes often is written once. */
export function createCatalog({ views, clock, requesterId, file }: CatalogParts): Catalog & Process {
  const mark = createSyncMark(views, requesterId, clock);
  const pending = pendingRows();
  let database: DatabaseSync | undefined;
  let table: JobTable | undefined;
  let watch: { close(): Promise<void> } | undefined;
  // What the first telling named; what else an old file holds is gone from the bucket.
  let named: Set<string> | undefined = new Set();

  function current(): JobTable {
    assert(table !== undefined, "the catalog was asked before it was started");
    pending.writeTo(table);
    return table;
  }

  function changed(key: string, value: ViewEntry | undefined): void {
    if (mark.owns(key)) {
      mark.heard(key, value);
      return;
    }
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
      await new Promise<void>((ready, failed) => {
        const watcher = { changed, ready: () => ready(forgetOthers()) };
        views.watch(">", watcher).then((opened) => {
          watch = opened;
        }, failed);
      });
    },
    async stop() {
      await watch?.close();
      if (table !== undefined) current();
      database?.close();
    },
    noticed(stored) {
      const job = stored.commit.prev === "" && stored.aggregate.kind === "job" ? foldJob([stored]) : undefined;
      if (job !== undefined) pending.put(job.header.id, { seq: job.header.seq, job: jobEntity(job) });
    },
    openJobs: (shard) => current().open(shard),
    caughtUp: () => mark.passed(),
    // "\uffff" stands behind every character that an id may hold.
    idsBeginning: (prefix, most) => current().idsFrom(prefix, `${prefix}\uffff`, most),
    list: (query) => listed(current(), query),
  };
}

function listed(table: JobTable, { namespace, order, reverse, limit, after, wants }: JobQuery): JobPage {
  const items: JobPage["items"][number][] = [];
  let place = after;
  for (let scanned = 0; scanned < scannedMax; ) {
    const most = wants === undefined ? limit - items.length : stretchRows;
    const found = table.stretch({ namespace, order, reverse, after: place, most: most + 1 });
    for (const { id, at, labels, entity } of found.slice(0, most)) {
      if (items.length === limit) return { items, next: place };
      if (wants === undefined || wants(labelsOf(labels))) items.push(entityOf(entity));
      place = { at, jobId: id };
    }
    if (found.length <= most) return { items, next: undefined };
    if (items.length === limit) return { items, next: place };
    scanned += found.length;
  }
  return { items, next: place };
}
