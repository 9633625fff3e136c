import { type Clock, causeOf, type Logger, type Process, type ViewEntry, type ViewStore } from "@shoal/core";
import { NodeInfo } from "@shoal/proto";

/** The publisher that puts results into the object store. */
const publisher = "nats";

/** The object store, as far as it holds results. */
export interface ResultBucketStore {
  /** Makes a node's bucket; harmless when it is there. */
  ensure(nodeId: string): Promise<void>;
  /** Deletes a node's bucket with all results in it; harmless when there is none. */
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
  /** This requester decides about the node. */
  readonly isMine: (nodeId: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

// Buckets of nodes that were forgotten while no owner watched. A forgotten node was away for days: an hour more costs little.
const sweepMs = 3_600_000;

// By then a requester that has just started owns its shards.
const firstSweepMs = 60_000;

/**
 * Keeps one results bucket for each node: makes it as soon as the node is known, as the node's own rights do not reach so far, and
 * deletes it once the log has forgotten the node. What happens to one node's bucket happens in order.
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
  /** The last thing that is being done to each bucket. */
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
    // The node's next change of state is the next try.
    this.#do(nodeId, {
      act: () => this.#parts.store.ensure(nodeId),
      onFailed: () => this.#made.delete(nodeId),
      problem: "the results bucket of a node cannot be made",
    });
  }

  /** Deletes what is left of nodes that were forgotten while nothing watched them. */
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
        logger.info({ nodeId }, "deleted the results bucket of a node that was forgotten");
      },
      onFailed: () => undefined,
      problem: "the results bucket of a forgotten node cannot be deleted; it is tried again within the hour",
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
