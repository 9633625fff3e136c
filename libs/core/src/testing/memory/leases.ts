import { featureLevel, shoalVersion } from "@shoal/proto";
import { Fault } from "../../fault.ts";
import type { LeaseSnapshot, Leases, LeaseWatcher, MemberInfo } from "../../ports/leases.ts";
import type { HandClock } from "../hand-clock.ts";
import type { Berth } from "./berth.ts";

// As the real port has them: a lease outlives most fail-overs of the servers, and is renewed three times in its life.
const ttlMs = 6_000;
const renewMs = 2_000;
// How often an unanswered request is made again before the port gives up.
const attemptsMax = 3;

const thisRelease: MemberInfo = { version: shoalVersion, featureLevel };

/** A process on the list of the living, or the owner of a shard, until a time. */
interface Held {
  readonly by: Berth;
  readonly epoch: number;
  /** What a process says of itself. */
  readonly info: MemberInfo;
  untilAt: number;
}

/** Who lives and who owns what, as a server would keep it. Keys are shards and requesters' ids. */
export interface LeaseStore {
  readonly onChanged: Set<(picture: LeaseSnapshot) => void>;
  picture(): LeaseSnapshot;
  /** The epoch, or undefined when another process holds the key. */
  take(key: string, by: Berth, info?: MemberInfo): number | undefined;
  /** The level afterwards. */
  raiseFeatureLevel(level: number): number;
  /** False when the process no longer holds the key. */
  renew(key: string, by: Berth): boolean;
  drop(key: string, by: Berth): void;
}

const memberKey = (id: string): string => `requester.${id}`;

export function createLeaseStore(clock: HandClock): LeaseStore {
  const held = new Map<string, Held>();
  const onChanged = new Set<(picture: LeaseSnapshot) => void>();
  let revision = 0;
  let clusterLevel = 1;
  const picture = () => snapshotOf(held, clusterLevel);
  const changed = (): void => {
    for (const tell of onChanged) tell(picture());
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
    picture,
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
export function memoryLeases(berth: Berth, store: LeaseStore): Leases {
  const hearing = berth.hearing();
  const kept = createKeep(berth, store);
  const me = memberKey(berth.name);
  // The epoch of the lease that this process has of each shard: an older one gives nothing back.
  const epochs = new Map<number, number>();
  let watcher: LeaseWatcher | undefined;
  let self = thisRelease;
  // A member whose entry ended, after a long pause say, comes back as soon as it can.
  const join = async (): Promise<void> => {
    await kept.take(me, rejoin, self);
  };
  const rejoin = (): void => void join().catch(() => kept.later(me, rejoin));
  return {
    async start(given, info = thisRelease) {
      watcher = given;
      self = info;
      await join();
      await insist(() => berth.exchange("leases", () => follow(store, hearing, given)));
    },
    raiseFeatureLevel: (level) => insist(() => berth.exchange("leases", () => store.raiseFeatureLevel(level))),
    async acquire(shard) {
      const lease: { shard: number; epoch: number } = { shard, epoch: 0 };
      const epoch = await kept.take(`${shard}`, () => watcher?.lost(lease));
      if (epoch === undefined) return undefined;
      lease.epoch = epoch;
      epochs.set(shard, epoch);
      return lease;
    },
    async release({ shard, epoch }) {
      if (epochs.get(shard) !== epoch) return;
      epochs.delete(shard);
      kept.letGo(`${shard}`);
      await insist(() => berth.exchange("leases", () => store.drop(`${shard}`, berth)));
    },
    async close() {
      kept.close();
      hearing.close();
      // Who cannot say goodbye is missed in time.
      await insist(() => berth.exchange("leases", () => store.drop(me, berth))).catch(() => undefined);
    },
  };
}

/** The keys that one process holds and renews. */
function createKeep(berth: Berth, store: LeaseStore) {
  const kept = new Map<string, Keeping>();
  let open = true;
  const letGo = (key: string): void => {
    kept.get(key)?.stop();
    kept.delete(key);
  };
  const keep = (key: string, askedAt: number, ended: () => void): void => {
    const renew = () => store.renew(key, berth);
    const keeping = keepAlive({ berth, renew, askedAt }, () => {
      if (kept.get(key) !== keeping) return;
      kept.delete(key);
      ended();
    });
    kept.set(key, keeping);
  };
  return {
    letGo,
    async take(key: string, ended: () => void, info?: MemberInfo): Promise<number | undefined> {
      const askedAt = berth.clock.now();
      const epoch = await insist(() => berth.exchange("leases", () => store.take(key, berth, info)));
      // Asked for before the end and granted after it: nobody would renew it.
      if (epoch !== undefined && !open)
        await berth.exchange("leases", () => store.drop(key, berth)).catch(() => undefined);
      if (epoch === undefined || !open) return undefined;
      keep(key, askedAt, ended);
      return epoch;
    },
    /** Tries again when a renewal would have been due. */
    later(key: string, again: () => void): void {
      if (open) kept.set(key, { stop: berth.clock.at(berth.clock.now() + renewMs, again) });
    },
    close(): void {
      open = false;
      for (const key of [...kept.keys()]) letGo(key);
    },
  };
}

function follow(store: LeaseStore, hearing: ReturnType<Berth["hearing"]>, watcher: LeaseWatcher): void {
  const tell = (picture: LeaseSnapshot): void => hearing.push(() => watcher.changed(picture));
  tell(store.picture());
  store.onChanged.add(tell);
  hearing.onClosed(() => store.onChanged.delete(tell));
}

interface Asked {
  readonly berth: Berth;
  readonly renew: () => boolean;
  readonly askedAt: number;
}

/** Renews until it is stopped; `ended` is called when it was refused, or not confirmed in time. */
function keepAlive({ berth, renew, askedAt: firstAskedAt }: Asked, ended: () => void): Keeping {
  const { clock } = berth;
  let kept = true;
  // Counted from the asking: the server's own count began no earlier.
  let cancelEnd = clock.at(firstAskedAt + ttlMs, end);
  let cancelNext = clock.at(clock.now() + renewMs, again);
  function stop(): void {
    kept = false;
    cancelEnd();
    cancelNext();
  }
  function end(): void {
    if (!kept) return;
    stop();
    ended();
  }
  function again(): void {
    const askedAt = clock.now();
    cancelNext = clock.at(askedAt + renewMs, again);
    berth.exchange("leases", renew).then(
      (confirmed) => {
        if (!kept) return;
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
