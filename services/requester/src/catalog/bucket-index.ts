import type { DatabaseSync } from "node:sqlite";
import { assert, Fault, type ViewEntry, type ViewFollowing, type ViewStore } from "@shoal/core";
import type { JobPage, JobQuery } from "./catalog.ts";
import { type JobTable, jobTable } from "./job-table.ts";
import { deleteDatabase, lockDatabase, openDatabase } from "./open-database.ts";
import { pageReader } from "./page-reader.ts";
import { type PendingRow, pendingRows } from "./pending-rows.ts";
import { beginSweep, type CatalogSweep } from "./sweep.ts";

export interface BucketIndexParts {
  /** The jobs bucket. */
  readonly views: Pick<ViewStore, "follow">;
  /** A file, or `inMemory`. */
  readonly file: string;
  /** Yields to other work of the process. */
  readonly pause: () => Promise<void>;
}

// Changes between two pauses: some 5 ms of reading and writing (measured).
const changesMax = 128;

/**
 * Synchronizes a table with the jobs bucket. The bucket position is written in one transaction with the rows, so that
 * the next start reads only later changes. Changes are batched until a read, or until the batch is full.
 */
export class BucketIndex {
  readonly #parts: BucketIndexParts;
  readonly #pending = pendingRows();
  readonly #filled = Promise.withResolvers<void>();
  #database: DatabaseSync | undefined;
  #table: JobTable | undefined;
  #unlock = (): void => undefined;
  #following: ViewFollowing | undefined;
  #bucketId = "";
  #revision = 0;
  #sincePause = 0;
  /** Set while the whole bucket is redelivered to a table that has rows. */
  #sweep: CatalogSweep | undefined;
  /** The bucket was deleted and recreated while this process followed it. */
  #isRebuilt = false;
  #state: "filling" | "open" | "closed" = "filling";

  constructor(parts: BucketIndexParts) {
    this.#parts = parts;
  }

  /** Resolves once the table has every entry of the bucket. Throws Fault CONFIG_INVALID, LOG_UNREACHABLE. */
  async open(): Promise<void> {
    const { views, file } = this.#parts;
    this.#unlock = lockDatabase(file);
    this.#openTable();
    const position = this.table().position();
    this.#bucketId = position?.bucketId ?? "";
    this.#revision = position?.revision ?? 0;
    // All entries may be delivered before `follow` itself resolves. The index is open once both have happened.
    this.#following = await views.follow(position, {
      begins: (bucketId) => this.#begin(bucketId),
      changed: (key, value, revision) => this.#change(key, value, revision),
      caughtUp: () => void this.#delivered(),
      room: () => this.#room(),
    });
    await this.#filled.promise;
    this.#state = "open";
    void this.#compareSizes();
  }

  async close(): Promise<void> {
    await this.#following?.close();
    if (this.#table !== undefined) this.table();
    this.#state = "closed";
    this.#database?.close();
    this.#unlock();
  }

  /** Reads a page in this thread, after all pending changes are written. */
  page(query: JobQuery): JobPage {
    this.table();
    assert(this.#database !== undefined, "the catalog was read before it was started");
    return pageReader(this.#database)(query);
  }

  /** The table, after all pending changes are written. */
  table(): JobTable {
    assert(this.#table !== undefined, "the catalog was read before it was started");
    this.#pending.writeTo(this.#table);
    return this.#table;
  }

  /** The position of a job's state, pending or in the table; 0 without the job. */
  seqOf(jobId: string): number {
    assert(this.#table !== undefined, "the catalog was read before it was started");
    return this.#pending.seqOf(jobId) ?? this.#table.find(jobId)?.seq ?? 0;
  }

  /** Adds a job. */
  put(jobId: string, row: PendingRow): void {
    this.#pending.put(jobId, row);
    this.#writeBatch();
  }

  async caughtUp(): Promise<void> {
    if (this.#following === undefined) throw new Fault("LOG_UNREACHABLE", "the catalog does not follow its bucket yet");
    await this.#following.caughtUp();
  }

  /** Pauses after a number of changes, so that a first read of the bucket does not block the process. */
  #room(): Promise<void> | undefined {
    if (this.#sincePause < changesMax) return undefined;
    this.#sincePause = 0;
    return this.#parts.pause();
  }

  #writeBatch(): void {
    if (this.#table !== undefined) this.#pending.writeBatch(this.#table);
  }

  #openTable(): void {
    this.#database = openDatabase(this.#parts.file);
    this.#table = jobTable(this.#database);
  }

  #begin(bucketId: string): void {
    const isSame = this.#bucketId === bucketId;
    this.#bucketId = bucketId;
    this.#revision = 0;
    this.#sweep = undefined;
    if (this.table().idsBehind("", 1).length === 0) return;
    if (this.#state === "filling") {
      // Nothing reads the table yet, so the file of another bucket is deleted as a whole.
      this.#database?.close();
      deleteDatabase(this.#parts.file);
      this.#openTable();
    } else if (!isSame) {
      // The owners rebuild the bucket from the log, so the jobs still exist. The next start compares.
      this.#isRebuilt = true;
    } else if (this.#database !== undefined) {
      this.#sweep = beginSweep(this.#database);
      this.#pending.reach(undefined);
    }
  }

  #change(key: string, value: ViewEntry | undefined, revision: number): void {
    const jobId = key.slice(key.indexOf(".") + 1);
    this.#revision = revision;
    this.#sincePause += 1;
    // A table that may have stale rows has no position: a process that dies before the end starts over.
    this.#pending.reach(this.#sweep === undefined ? { bucketId: this.#bucketId, revision } : undefined);
    if (value !== undefined) this.#sweep?.saw(jobId);
    if (value === undefined) this.#pending.remove(jobId);
    else this.#pending.put(jobId, { entity: () => value["job"], seq: value.seq, isInBucket: true });
    this.#writeBatch();
  }

  /** Every entry of the bucket is delivered. */
  async #delivered(): Promise<void> {
    const sweep = this.#sweep;
    if (sweep === undefined) {
      if (this.#state === "open") await this.#compareSizes();
      return this.#filled.resolve();
    }
    const isCurrent = () => this.#sweep === sweep && this.#state === "open";
    await sweep.finish(() => (isCurrent() ? this.table() : undefined), this.#parts.pause);
    if (!isCurrent()) return;
    this.#sweep = undefined;
    this.#pending.reach({ bucketId: this.#bucketId, revision: this.#revision });
    this.table();
  }

  /**
   * When the table has more rows of the bucket than the bucket has entries, some were removed without a marker, or the
   * marker expired before it was seen.
   */
  async #compareSizes(): Promise<void> {
    if (this.#isRebuilt) return;
    const rows = this.table().inBucket();
    const size = await this.#following?.size().catch(() => Number.POSITIVE_INFINITY);
    if (size !== undefined && rows > size && this.#state === "open" && this.#sweep === undefined)
      this.#following?.beginAgain();
  }
}
