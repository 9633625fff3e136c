/** What a requester says of itself in its entry. */
export interface MemberInfo {
  /** The version of Shoal that it runs; empty when the entry does not say. */
  readonly version: string;
  /** The highest feature level that it supports. */
  readonly featureLevel: number;
}

/** Which requesters live, what each owns, and what the cluster allows. */
export interface LeaseSnapshot {
  /** In order of id. */
  readonly requesters: readonly string[];
  /** What each of them says of itself. */
  readonly members: ReadonlyMap<string, MemberInfo>;
  /** The requester that owns each shard; a free shard is left out. */
  readonly owners: ReadonlyMap<number, string>;
  /** The cluster's feature level; 1 until it is raised for the first time. It never goes down. */
  readonly featureLevel: number;
}

/** Ownership of shards, for some seconds at a time. Only for efficiency: the expected sequence is the fence. */
export interface Leases {
  /**
   * Shows the others that this requester lives, with what it says of itself (this release when left out); renewed by the port itself until
   * `close`.
   */
  start(watcher: LeaseWatcher, self?: MemberInfo): Promise<void>;
  /**
   * Raises the cluster's feature level, and resolves with the level afterwards: a higher one stays as it is. Throws Fault LOG_UNREACHABLE
   * when the store does not answer; the level is raised or not then.
   */
  raiseFeatureLevel(level: number): Promise<number>;
  /** Tries to take a free shard. The lease, or undefined when somebody else has it. */
  acquire(shard: number): Promise<Lease | undefined>;
  /** Gives a shard back at once. */
  release(lease: Lease): Promise<void>;
  /** Stops renewing and takes this requester off the list. Leases not released before end by themselves. */
  close(): Promise<void>;
}

/** The right to own one shard. */
export interface Lease {
  readonly shard: number;
  /** Fencing number: grows with every change of owner. */
  readonly epoch: number;
}

/** What a requester is told about leases. */
export interface LeaseWatcher {
  /** The whole snapshot, whenever it changes. */
  changed(snapshot: LeaseSnapshot): void;
  /** A lease of ours ended without our doing: stop acting on this shard at once. */
  lost(lease: Lease): void;
}
