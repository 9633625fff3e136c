import { type Clock, causeOf, type Logger, type Process, type ViewEntry, type ViewStore } from "@shoal/core";
import { NodeInfo } from "@shoal/proto";

/** The publisher that writes results to the object store. */
const publisher = "nats";

/** The part of the object store that contains results. */
export interface ResultBucketStore {
  /** Creates a node's bucket; harmless when it exists. */
  ensure(nodeId: string): Promise<void>;
  /** Deletes a node's bucket with all results in it; harmless when none exists. */
  remove(nodeId: string): Promise<void>;
  /** The nodes that have a bucket. */
  nodeIds(): Promise<readonly string[]>;
}

export interface ResultBucketsParts {
  /** The nodes bucket. */
  readonly nodes: ViewStore;
  readonly store: ResultBucketStore;
  /** Whether the log has forgotten a node. */
  readonly isForgotten: (nodeId: string) => Promise<boolean>;
  /** This requester owns the node's shard. */
  readonly isMine: (nodeId: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

// Finds buckets of nodes that were forgotten while no owner ran. Such a node was away for days: another hour costs
// little.
const sweepMs = 3_600_000;

// By then a requester that has just started owns its shards.
const firstSweepMs = 60_000;

/**
 * Maintains one results bucket for each node. It creates the bucket when the node joins, because the node's own rights
 * do not allow that, and deletes it once the log has forgotten the node. The operations on one node's bucket run in
 * order.
 */
export function createResultBuckets(parts: ResultBucketsParts): Process {
  const { nodes, clock, logger } = parts;
  const buckets = new ResultBuckets(parts);
  let watch: { close(): Promise<void> } | undefined;
  let cancel: (() => void) | undefined;
  let isStopped = false;
  const sweep = async (): Promise<void> => {
    await buckets
      .sweep()
      .catch((failure: unknown) => logger.warn(causeOf(failure), "could not list the results buckets; retrying"));
    if (!isStopped) cancel = clock.at(clock.now() + sweepMs, () => void sweep());
  };
  return {
    name: "result buckets",
    async start() {
      watch = await nodes.watch(">", { changed: (key, value) => buckets.onEntry(key, value), ready: () => {} });
      cancel = clock.at(clock.now() + firstSweepMs, () => void sweep());
    },
    async stop() {
      isStopped = true;
      cancel?.();
      await watch?.close();
    },
  };
}

class ResultBuckets {
  readonly #parts: ResultBucketsParts;
  readonly #known = new Set<string>();
  readonly #made = new Set<string>();
  /** The last operation on each bucket. */
  readonly #doing = new Map<string, Promise<void>>();

  constructor(parts: ResultBucketsParts) {
    this.#parts = parts;
  }

  onEntry(nodeId: string, entry: ViewEntry | undefined): void {
    if (entry === undefined) {
      this.#known.delete(nodeId);
      this.#made.delete(nodeId);
      this.#removeForgotten(nodeId);
      return;
    }
    this.#known.add(nodeId);
    const info = NodeInfo.safeParse(entry["info"]);
    if (!info.success || this.#made.has(nodeId) || !info.data.publishers.includes(publisher)) return;
    this.#made.add(nodeId);
    // The node's next change of state retries.
    this.#do(nodeId, {
      act: () => this.#parts.store.ensure(nodeId),
      onFailed: () => this.#made.delete(nodeId),
      problem: "could not create the results bucket of a node",
    });
  }

  /** Deletes the buckets of nodes that were forgotten while no owner ran. */
  async sweep(): Promise<void> {
    for (const nodeId of await this.#parts.store.nodeIds()) if (!this.#known.has(nodeId)) this.#removeForgotten(nodeId);
  }

  #removeForgotten(nodeId: string): void {
    const { isMine, isForgotten, store, logger } = this.#parts;
    if (!isMine(nodeId)) return;
    this.#do(nodeId, {
      async act() {
        // A missing entry proves nothing: the bucket of the view may have been deleted.
        if (!(await isForgotten(nodeId))) return;
        await store.remove(nodeId);
        logger.info({ nodeId }, "deleted the results bucket of a forgotten node");
      },
      onFailed: () => undefined,
      problem: "could not delete the results bucket of a forgotten node; retrying within the hour",
    });
  }

  #do(nodeId: string, { act, onFailed, problem }: BucketAction): void {
    const before = this.#doing.get(nodeId) ?? Promise.resolve();
    const doing = before.then(act).catch((failure: unknown) => {
      onFailed();
      this.#parts.logger.warn({ nodeId, ...causeOf(failure) }, problem);
    });
    this.#doing.set(nodeId, doing);
    void doing.then(() => {
      if (this.#doing.get(nodeId) === doing) this.#doing.delete(nodeId);
    });
  }
}

interface BucketAction {
  act(): Promise<void>;
  onFailed(): void;
  readonly problem: string;
}
