import type { Clock, LeaseSnapshot, Leases } from "@shoal/core";

/** A live requester, from its entry among the leases. */
export interface Living {
  readonly requesterId: string;
  /** When this requester first saw it, by its own clock. */
  readonly knownSince: number;
  /** The shards that it owns, in order. */
  readonly shards: readonly number[];
}

/** The live requesters and the shards of each, from the lease snapshot that also determines the shares. */
export class Roster {
  readonly #clock: Clock;
  readonly #knownSince = new Map<string, number>();
  readonly #shards = new Map<string, number[]>();
  #snapshot: LeaseSnapshot = { requesters: [], members: new Map(), owners: new Map(), featureLevel: 1 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The same leases; this port also stores each snapshot that its watcher gets. */
  over(leases: Leases): Leases {
    return {
      ...leases,
      start: (watcher, self) =>
        leases.start(
          {
            ...watcher,
            changed: (snapshot) => {
              this.#see(snapshot);
              watcher.changed(snapshot);
            },
          },
          self,
        ),
    };
  }

  /** In order of id. */
  living(): readonly Living[] {
    return [...this.#knownSince].map(([requesterId, knownSince]) => ({
      requesterId,
      knownSince,
      shards: this.#shards.get(requesterId) ?? [],
    }));
  }

  /** The latest snapshot. */
  snapshot(): LeaseSnapshot {
    return this.#snapshot;
  }

  #see(snapshot: LeaseSnapshot): void {
    this.#snapshot = snapshot;
    const { requesters, owners } = snapshot;
    const before = new Map(this.#knownSince);
    this.#knownSince.clear();
    this.#shards.clear();
    for (const id of requesters) this.#knownSince.set(id, before.get(id) ?? this.#clock.now());
    for (const [shard, id] of [...owners].toSorted(([one], [other]) => one - other)) {
      const shards = this.#shards.get(id) ?? [];
      shards.push(shard);
      this.#shards.set(id, shards);
    }
  }
}
