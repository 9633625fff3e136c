import { featureLevel, shoalVersion } from "@shoal/proto";
import { Fault } from "../../fault.ts";
import type { LeaseSnapshot, Leases, LeaseWatcher, MemberInfo } from "../../ports/leases.ts";
import type { ManualClock } from "../manual-clock.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

// As the real port has them: a lease outlives most fail-overs of the servers, and is renewed three times in its life.
const ttlMs = 6_000;
const renewMs = 2_000;
// How often an unanswered request is made again before the port gives up.
const attemptsMax = 3;

const thisRelease: MemberInfo = { version: shoalVersion, featureLevel };

/** A process on the list of the living, or the owner of a shard, until a time. */
interface Held {
  readonly by: SimulatedProcess;
  readonly epoch: number;
  /** What a process says of itself. */
  readonly info: MemberInfo;
  untilAt: number;
}

/** Who lives and who owns what, as a server would keep it. Keys are shards and requesters' ids. */
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
      // On the list of the living a process takes the place of the one of its name that went before.
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

/** Something the port keeps alive until it is told to stop or is told no. */
interface Keeping {
  stop(): void;
}

/** Leases as one process reaches them. Its berth's name is the requester's id. */
export function memoryLeases(proc: SimulatedProcess, store: LeaseStore): Leases {
  const pushChannel = proc.pushChannel();
  const saved = createKeep(proc, store);
  const me = memberKey(proc.name);
  // The epoch of the lease that this process has of each shard: an older one gives nothing back.
  const epochs = new Map<number, number>();
  let watcher: LeaseWatcher | undefined;
  let self = thisRelease;
  // A member whose entry ended, after a long pause say, comes back as soon as it can.
  const join = async (): Promise<void> => {
    await saved.take(me, rejoin, self);
  };
  const rejoin = (): void => void join().catch(() => saved.deferred(me, rejoin));
  return {
    async start(given, info = thisRelease) {
      watcher = given;
      self = info;
      await join();
      await insist(() => proc.exchange("leases", () => follow(store, pushChannel, given)));
    },
    raiseFeatureLevel: (level) => insist(() => proc.exchange("leases", () => store.raiseFeatureLevel(level))),
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
      saved.letGo(`${shard}`);
      await insist(() => proc.exchange("leases", () => store.drop(`${shard}`, proc)));
    },
    async close() {
      saved.close();
      pushChannel.close();
      // Who cannot say goodbye is missed in time.
      await insist(() => proc.exchange("leases", () => store.drop(me, proc))).catch(() => undefined);
    },
  };
}

/** The keys that one process holds and renews. */
function createKeep(proc: SimulatedProcess, store: LeaseStore) {
  const saved = new Map<string, Keeping>();
  let open = true;
  const letGo = (key: string): void => {
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
    letGo,
    async take(key: string, ended: () => void, info?: MemberInfo): Promise<number | undefined> {
      const askedAt = proc.clock.now();
      const epoch = await insist(() => proc.exchange("leases", () => store.take(key, proc, info)));
      // Asked for before the end and granted after it: nobody would renew it.
      if (epoch !== undefined && !open)
        await proc.exchange("leases", () => store.drop(key, proc)).catch(() => undefined);
      if (epoch === undefined || !open) return undefined;
      keep(key, askedAt, ended);
      return epoch;
    },
    /** Tries again when a renewal would have been due. */
    deferred(key: string, again: () => void): void {
      if (open) saved.set(key, { stop: proc.clock.at(proc.clock.now() + renewMs, again) });
    },
    close(): void {
      open = false;
      for (const key of [...saved.keys()]) letGo(key);
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

/** Renews until it is stopped; `ended` is called when it was refused, or not confirmed in time. */
function keepAlive({ proc, renew, askedAt: firstAskedAt }: Asked, ended: () => void): Keeping {
  const { clock } = proc;
  let saved = true;
  // Counted from the asking: the server's own count began no earlier.
  let cancelEnd = clock.at(firstAskedAt + ttlMs, end);
  let cancelNext = clock.at(clock.now() + renewMs, again);
  function stop(): void {
    saved = false;
    cancelEnd();
    cancelNext();
  }
  function end(): void {
    if (!saved) return;
    stop();
    ended();
  }
  function again(): void {
    const askedAt = clock.now();
    cancelNext = clock.at(askedAt + renewMs, again);
    proc.exchange("leases", renew).then(
      (confirmed) => {
        if (!saved) return;
        if (!confirmed) return end();
        cancelEnd();
        cancelEnd = clock.at(askedAt + ttlMs, end);
      },
      () => undefined, // The next renewal tries again, until the time is over.
    );
  }
  return { stop };
}

async function insist<T>(request: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (failure) {
      if (!(failure instanceof Fault) || attempt === attemptsMax) throw failure;
    }
  }
}
