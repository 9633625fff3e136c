/** Ownership of shards, for some seconds at a time. Only for efficiency: the expected sequence is the fence. */
export interface Leases {
  /** Tells the others that this requester lives and for how many shards it could care; renewed by the port itself until `close`. */
  start(watcher: LeaseWatcher): Promise<void>;
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
  /** The whole picture, whenever it changes: living requesters in order of id, and who owns which shard. */
  changed(picture: { readonly requesters: readonly string[]; readonly owners: ReadonlyMap<number, string> }): void;
  /** A lease of ours ended without our doing: stop acting on this shard at once. */
  lost(lease: Lease): void;
}
