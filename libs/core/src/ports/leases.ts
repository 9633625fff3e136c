/** A requester's entry. */
export interface MemberInfo {
  /** The version of Shoal that it runs; empty when the entry has none. */
  readonly version: string;
  /** The highest feature level that it supports. */
  readonly featureLevel: number;
}

/** The live requesters, the owner of each shard, and the cluster's feature level. */
export interface LeaseSnapshot {
  /** In order of id. */
  readonly requesters: readonly string[];
  /** The entry of each requester. */
  readonly members: ReadonlyMap<string, MemberInfo>;
  /** The requester that owns each shard; free shards are left out. */
  readonly owners: ReadonlyMap<number, string>;
  /** The cluster's feature level; 1 until it is raised. It never goes down. */
  readonly featureLevel: number;
}

/** Ownership of shards, for some seconds at a time. An optimization: the expected sequence is the fence. */
export interface Leases {
  /**
   * Registers this requester as live, with its entry (this release when left out); the port renews it until
   * `close`.
   */
  start(watcher: LeaseWatcher, self?: MemberInfo): Promise<void>;
  /**
   * Raises the cluster's feature level, and resolves with the level afterwards: a higher one is unchanged. Throws Fault LOG_UNREACHABLE
   * when the store does not answer; whether the level was raised is unknown then.
   */
  raiseFeatureLevel(level: number): Promise<number>;
  /** Tries to take a free shard. Resolves with the lease, or undefined when another requester has it. */
  acquire(shard: number): Promise<Lease | undefined>;
  /** Releases a shard at once. */
  release(lease: Lease): Promise<void>;
  /** Stops renewing and deregisters this requester. Leases that are not released before expire. */
  close(): Promise<void>;
}

/** The right to own one shard. */
export interface Lease {
  readonly shard: number;
  /** Fencing number: grows with every change of owner. */
  readonly epoch: number;
}

/** Receives changes of leases. */
export interface LeaseWatcher {
  /** The whole snapshot, whenever it changes. */
  changed(snapshot: LeaseSnapshot): void;
  /** A lease ended without a release: stop acting on this shard at once. */
  lost(lease: Lease): void;
}
