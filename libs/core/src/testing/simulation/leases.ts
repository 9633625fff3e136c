import { featureLevel, shoalVersion } from "@shoal/proto";
import { Fault } from "../../fault.ts";
import type { LeaseSnapshot, Leases, LeaseWatcher, MemberInfo } from "../../ports/leases.ts";
import type { ManualClock } from "../manual-clock.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

// As in the real port: a lease outlives most fail-overs of the servers, and is renewed three times in its lifetime.
const ttlMs = 6_000;
const renewMs = 2_000;
// How often the port retries an unanswered request before it gives up.
const attemptsMax = 3;

const thisRelease: MemberInfo = { version: shoalVersion, featureLevel };

/** A live member, or the owner of a shard, until a time. */
interface Held {
  readonly by: SimulatedProcess;
  readonly epoch: number;
  /** A member's entry. */
  readonly info: MemberInfo;
  untilAt: number;
}

/** The lease store of the server. Keys are shards and requesters' ids. */
export interface LeaseStore {
  readonly onChanged: Set<(snapshot: LeaseSnapshot) => void>;
  snapshot(): LeaseSnapshot;
  /** The epoch, or undefined when another process holds the key. */
  take(key: string, by: SimulatedProcess, info?: MemberInfo): number | undefined;
  /** The level afterwards. */
  raiseFeatureLevel(level: number): number;
  /** False when the process no longer holds the key. */
  renew(key: string, by: SimulatedProcess): boolean;
  drop(key: string, by: SimulatedProcess): void;
}

const memberKey = (id: string): string => `requester.${id}`;

export function createLeaseStore(clock: ManualClock): LeaseStore {
  const held = new Map<string, Held>();
  const onChanged = new Set<(snapshot: LeaseSnapshot) => void>();
  let revision = 0;
  let clusterLevel = 1;
  const snapshot = () => snapshotOf(held, clusterLevel);
  const changed = (): void => {
    for (const emit of onChanged) emit(snapshot());
  };
  const expire = (key: string, holding: Held): void => {
    if (held.get(key) !== holding) return;
    if (holding.untilAt > clock.now()) clock.at(holding.untilAt, () => expire(key, holding));
    else {
      held.delete(key);
      changed();
    }
  };
  return {
    onChanged,
    snapshot,
    raiseFeatureLevel(level) {
      if (level > clusterLevel) {
        clusterLevel = level;
        changed();
      }
      return clusterLevel;
    },
    take(key, by, info = thisRelease) {
      const holder = held.get(key);
      if (holder?.by === by) return holder.epoch;
      // A member replaces the previous process of its name.
      if (holder !== undefined && !key.startsWith(memberKey(""))) return undefined;
      revision++;
      const holding: Held = { by, epoch: revision, info, untilAt: clock.now() + ttlMs };
      held.set(key, holding);
      clock.at(holding.untilAt, () => expire(key, holding));
      changed();
      return revision;
    },
    renew(key, by) {
      const holder = held.get(key);
      if (holder === undefined || holder.by !== by) return false;
      revision++;
      holder.untilAt = clock.now() + ttlMs;
      return true;
    },
    drop(key, by) {
      if (held.get(key)?.by !== by) return;
      held.delete(key);
      changed();
    },
  };
}

function snapshotOf(held: ReadonlyMap<string, Held>, featureLevel: number): LeaseSnapshot {
  const members = [...held].filter(([key]) => key.startsWith(memberKey("")));
  const shards = [...held].filter(([key]) => !key.startsWith(memberKey("")));
  return {
    requesters: members.map(([key]) => key.slice(memberKey("").length)).sort(),
    members: new Map(members.map(([key, { info }]) => [key.slice(memberKey("").length), info])),
    owners: new Map(shards.map(([key, { by }]) => [Number(key), by.name])),
    featureLevel,
  };
}

/** A key that the port renews until it is stopped or refused. */
interface Keeping {
  stop(): void;
}

/** The lease port of one process. The name of its simulated process is the requester's id. */
export function memoryLeases(proc: SimulatedProcess, store: LeaseStore): Leases {
  const pushChannel = proc.pushChannel();
  const saved = createKeep(proc, store);
  const me = memberKey(proc.name);
  // The epoch of this process's lease of each shard: releasing an older one has no effect.
  const epochs = new Map<number, number>();
  let watcher: LeaseWatcher | undefined;
  let self = thisRelease;
  // A member whose entry expired, after a long pause for example, registers again as soon as possible.
  const join = async (): Promise<void> => {
    await saved.take(me, rejoin, self);
  };
  const rejoin = (): void => void join().catch(() => saved.deferred(me, rejoin));
  return {
    async start(given, info = thisRelease) {
      watcher = given;
      self = info;
      await join();
      await retried(() => proc.exchange("leases", () => follow(store, pushChannel, given)));
    },
    raiseFeatureLevel: (level) => retried(() => proc.exchange("leases", () => store.raiseFeatureLevel(level))),
    async acquire(shard) {
      const lease: { shard: number; epoch: number } = { shard, epoch: 0 };
      const epoch = await saved.take(`${shard}`, () => watcher?.lost(lease));
      if (epoch === undefined) return undefined;
      lease.epoch = epoch;
      epochs.set(shard, epoch);
      return lease;
    },
    async release({ shard, epoch }) {
      if (epochs.get(shard) !== epoch) return;
      epochs.delete(shard);
      saved.drop(`${shard}`);
      await retried(() => proc.exchange("leases", () => store.drop(`${shard}`, proc)));
    },
    async close() {
      saved.close();
      pushChannel.close();
      // Otherwise the entry expires.
      await retried(() => proc.exchange("leases", () => store.drop(me, proc))).catch(() => undefined);
    },
  };
}

/** The keys that one process holds and renews. */
function createKeep(proc: SimulatedProcess, store: LeaseStore) {
  const saved = new Map<string, Keeping>();
  let open = true;
  const drop = (key: string): void => {
    saved.get(key)?.stop();
    saved.delete(key);
  };
  const keep = (key: string, askedAt: number, ended: () => void): void => {
    const renew = () => store.renew(key, proc);
    const keeping = keepAlive({ proc, renew, askedAt }, () => {
      if (saved.get(key) !== keeping) return;
      saved.delete(key);
      ended();
    });
    saved.set(key, keeping);
  };
  return {
    drop,
    async take(key: string, ended: () => void, info?: MemberInfo): Promise<number | undefined> {
      const askedAt = proc.clock.now();
      const epoch = await retried(() => proc.exchange("leases", () => store.take(key, proc, info)));
      // Requested before `close` and granted after it: no renewal would follow.
      if (epoch !== undefined && !open)
        await proc.exchange("leases", () => store.drop(key, proc)).catch(() => undefined);
      if (epoch === undefined || !open) return undefined;
      keep(key, askedAt, ended);
      return epoch;
    },
    /** Retries when a renewal would be due. */
    deferred(key: string, retry: () => void): void {
      if (open) saved.set(key, { stop: proc.clock.at(proc.clock.now() + renewMs, retry) });
    },
    close(): void {
      open = false;
      for (const key of [...saved.keys()]) drop(key);
    },
  };
}

function follow(
  store: LeaseStore,
  pushChannel: ReturnType<SimulatedProcess["pushChannel"]>,
  watcher: LeaseWatcher,
): void {
  const emit = (snapshot: LeaseSnapshot): void => pushChannel.push(() => watcher.changed(snapshot));
  emit(store.snapshot());
  store.onChanged.add(emit);
  pushChannel.onClosed(() => store.onChanged.delete(emit));
}

interface Asked {
  readonly proc: SimulatedProcess;
  readonly renew: () => boolean;
  readonly askedAt: number;
}

/** Renews until it is stopped; `ended` is called when a renewal was refused, or not confirmed in time. */
function keepAlive({ proc, renew, askedAt: firstAskedAt }: Asked, ended: () => void): Keeping {
  const { clock } = proc;
  let active = true;
  // Counted from the request: the server's count began no earlier.
  let cancelEnd = clock.at(firstAskedAt + ttlMs, end);
  let cancelNext = clock.at(clock.now() + renewMs, sendRenewal);
  function stop(): void {
    active = false;
    cancelEnd();
    cancelNext();
  }
  function end(): void {
    if (!active) return;
    stop();
    ended();
  }
  function sendRenewal(): void {
    const askedAt = clock.now();
    cancelNext = clock.at(askedAt + renewMs, sendRenewal);
    proc.exchange("leases", renew).then(
      (confirmed) => {
        if (!active) return;
        if (!confirmed) return end();
        cancelEnd();
        cancelEnd = clock.at(askedAt + ttlMs, end);
      },
      () => undefined, // The next renewal retries, until the lease has expired.
    );
  }
  return { stop };
}

async function retried<T>(request: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (failure) {
      if (!(failure instanceof Fault) || attempt === attemptsMax) throw failure;
    }
  }
}
