import { causeOf, Fault, type StoredPosition, type ViewPosition } from "@shoal/core";
import { buckets } from "@shoal/proto";
import type { RequesterPorts } from "../../ports.ts";
import { createWatermark, type Watermark } from "./watermark.ts";

export interface ViewPositionsOptions {
  readonly ports: Pick<RequesterPorts, "positions" | "clock" | "logger">;
  readonly shard: number;
  /** The buckets of every kind's views. */
  readonly buckets: readonly string[];
  /** The minimum time between two saves of the positions, milliseconds. */
  readonly everyMs: number;
  /** The number of open aggregates of the shard. */
  readonly open: () => number;
  /** The bucket, or its position, is gone: this shard's part of it must be rebuilt. */
  readonly onMissing: (bucket: string) => void;
}

const origin: ViewPosition = { eventsSeq: 0, reportsSeq: 0 };

/** The position of a shard in each bucket. Saves are deferred on purpose: repeated work is harmless. */
export class ViewPositions {
  readonly #options: ViewPositionsOptions;
  /** By bucket; a bucket that is missing or being rebuilt is absent. */
  readonly #saved = new Map<string, StoredPosition>();
  /** Buckets whose position has been renewed since the last save that moved it. */
  readonly #renewed = new Set<string>();
  /** The last write of a bucket's position: the next one builds on its revision. */
  readonly #busy = new Map<string, Promise<void>>();
  events: Watermark = createWatermark(0);
  reports: Watermark = createWatermark(0);
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(options: ViewPositionsOptions) {
    this.#options = options;
  }

  /**
   * Reads the positions; the shard continues after the lowest one. Throws Fault LOG_DAMAGED for one after the log's
   * end.
   */
  async load(lastSeq: number): Promise<ViewPosition> {
    await Promise.all(
      this.#options.buckets.map(async (bucket) => {
        const stored = await this.#load(bucket);
        if (stored !== undefined && stored.isRebuilding !== true) this.#saved.set(bucket, stored);
      }),
    );
    const ahead = [...this.#saved].find(([, { eventsSeq }]) => eventsSeq > lastSeq);
    if (ahead !== undefined) {
      const [bucket, { eventsSeq }] = ahead;
      throw new Fault("LOG_DAMAGED", `the log ends at ${lastSeq}, but bucket ${bucket} follows it up to ${eventsSeq}`);
    }
    // An empty log has nothing to rebuild from.
    if (lastSeq === 0) for (const bucket of this.missing()) this.#saved.set(bucket, { ...origin, revision: 0 });
    if (lastSeq === 0) this.moved();
    const from = Math.min(lastSeq, ...[...this.#saved.values()].map(({ eventsSeq }) => eventsSeq));
    const reportsSeq = this.#saved.get(buckets.open)?.reportsSeq ?? 0;
    this.events = createWatermark(from);
    this.reports = createWatermark(reportsSeq);
    return { eventsSeq: from, reportsSeq };
  }

  /** Buckets without a position. */
  missing(): readonly string[] {
    return this.#options.buckets.filter((bucket) => !this.#saved.has(bucket));
  }

  /**
   * A bucket was rebuilt: its position is followed again. Throws Fault REVISION_CONFLICT when it has been deleted
   * since.
   */
  async rebuilt(bucket: string): Promise<void> {
    const stored = await this.#load(bucket);
    if (stored === undefined || stored.isRebuilding === true)
      throw new Fault("REVISION_CONFLICT", `${bucket} has no position after its rebuild`);
    this.#saved.set(bucket, stored);
    this.moved();
  }

  /**
   * Await it before each write to a bucket. The first write after a save renews the position: a backup from before that
   * write then has another revision, and the save that follows detects that it was restored. Throws the Faults of
   * `Positions.save`.
   */
  beforeWrite(bucket: string): Promise<void> | undefined {
    return this.#mustRenew(bucket) ? this.#inTurn(bucket, () => this.#renew(bucket)) : undefined;
  }

  /** A position has changed: schedule a save. */
  moved(): void {
    const { clock } = this.#options.ports;
    if (this.#closed) return;
    this.#cancel ??= clock.at(clock.now() + this.#options.everyMs, () => {
      this.#cancel = undefined;
      void this.#save();
    });
  }

  /** Checks which buckets still exist, also when the shard is idle. */
  async verify(): Promise<void> {
    for (const bucket of [...this.#saved.keys()]) {
      const saved = this.#saved.get(bucket);
      const stored = await this.#load(bucket);
      if (this.#closed || saved === undefined || saved.revision === 0 || this.#saved.get(bucket) !== saved) continue;
      // The same revision is this owner's write.
      if (stored?.revision !== saved.revision && isBehind(stored, saved)) this.#lose(bucket);
    }
  }

  /** Saves one last time. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#closed = true;
    await this.#save();
  }

  async #save(): Promise<void> {
    // Read now: a closing shard drops its aggregates before the write's turn comes.
    const reached = { eventsSeq: this.events.done(), reportsSeq: this.reports.done(), open: this.#options.open() };
    const all = [...this.#saved.keys()];
    await Promise.all(all.map((bucket) => this.#inTurn(bucket, () => this.#saveOne(bucket, reached))));
  }

  #inTurn(bucket: string, work: () => Promise<void>): Promise<void> {
    const done = (this.#busy.get(bucket) ?? Promise.resolve()).then(work);
    this.#busy.set(
      bucket,
      done.catch(() => undefined),
    );
    return done;
  }

  #mustRenew(bucket: string): boolean {
    return this.#saved.has(bucket) && !this.#renewed.has(bucket) && !this.#closed;
  }

  async #renew(bucket: string): Promise<void> {
    const saved = this.#saved.get(bucket);
    if (saved === undefined || !this.#mustRenew(bucket)) return;
    try {
      await this.#write(bucket, saved, saved);
      this.#renewed.add(bucket);
    } catch (failure) {
      await this.#reload(bucket);
      // A bucket that is being rebuilt has no position to renew.
      if (this.#saved.has(bucket)) throw failure;
    }
  }

  async #saveOne(bucket: string, reached: Required<Omit<ViewPosition, "isRebuilding">>): Promise<void> {
    const { ports, shard } = this.#options;
    const saved = this.#saved.get(bucket);
    if (saved === undefined) return;
    // Reports are processed by the shard as a whole; one bucket is sufficient to record them.
    const position = { eventsSeq: reached.eventsSeq, reportsSeq: bucket === buckets.open ? reached.reportsSeq : 0 };
    const isNewer = position.eventsSeq > saved.eventsSeq || position.reportsSeq > saved.reportsSeq;
    const counted = bucket === buckets.open ? { open: reached.open } : {};
    // Position 0 is saved once: without any position, the next owner would rebuild.
    if (!isNewer && saved.open === counted.open && saved.revision > 0) return;
    const next = {
      eventsSeq: Math.max(position.eventsSeq, saved.eventsSeq),
      reportsSeq: Math.max(position.reportsSeq, saved.reportsSeq),
      ...counted,
    };
    this.#renewed.delete(bucket);
    try {
      await this.#write(bucket, saved, next);
    } catch (failure) {
      ports.logger.warn({ shard, bucket, ...causeOf(failure) }, "could not save a position; the next one replaces it");
      await this.#reload(bucket);
    }
  }

  async #write(bucket: string, saved: StoredPosition, next: ViewPosition): Promise<void> {
    const { ports, shard } = this.#options;
    const revision = await ports.positions.save(bucket, shard, { ...next, revision: saved.revision });
    // It may have been lost meanwhile.
    if (this.#saved.get(bucket) === saved) this.#saved.set(bucket, { ...next, revision });
  }

  /** Another requester has written, the bucket is a new one, or the acknowledgement of this owner's write was lost. */
  async #reload(bucket: string): Promise<void> {
    const saved = this.#saved.get(bucket);
    if (this.#closed || saved === undefined) return;
    const stored = await this.#load(bucket).catch(() => saved);
    if (this.#closed || this.#saved.get(bucket) !== saved) return;
    if (stored === undefined || isBehind(stored, saved)) {
      this.#lose(bucket);
      return;
    }
    this.#saved.set(bucket, stored);
    // A failed save is repeated, also when the shard is idle.
    this.moved();
  }

  #load(bucket: string): Promise<StoredPosition | undefined> {
    const { ports, shard } = this.#options;
    return ports.positions.load(bucket, shard);
  }

  #lose(bucket: string): void {
    this.#saved.delete(bucket);
    this.#renewed.delete(bucket);
    this.#options.onMissing(bucket);
  }
}

/** The bucket was deleted, and perhaps recreated: then another process may have begun to rebuild it. */
const isBehind = (stored: StoredPosition | undefined, saved: StoredPosition): boolean =>
  stored === undefined ||
  stored.isRebuilding === true ||
  stored.eventsSeq < saved.eventsSeq ||
  stored.revision < saved.revision;
