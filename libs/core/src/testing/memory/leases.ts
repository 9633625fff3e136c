import { Fault } from "../../fault.ts";
import type { Lease, Leases, LeaseWatcher } from "../../ports/leases.ts";
import type { HandClock } from "../hand-clock.ts";
import type { Berth } from "./berth.ts";

// As the real port has them: a lease outlives a fail-over of the servers, and is renewed three times in its life.
const ttlMs = 6_000;
const renewMs = 2_000;
// How often an unanswered request is made again before the port gives up.
const attemptsMax = 3;

type Picture = Parameters<LeaseWatcher["changed"]>[0];

/** A process on the list of the living, or the owner of a shard, until a time. */
interface Held {
  readonly by: Berth;
  readonly epoch: number;
  untilAt: number;
}

/** Who lives and who owns what, as a server would keep it. Keys are shards and requesters' ids. */
export interface LeaseStore {
  readonly onChanged: Set<(picture: Picture) => void>;
  picture(): Picture;
  /** The epoch, or undefined when another process holds the key. */
  take(key: string, by: Berth): number | undefined;
  /** False when the process no longer holds the key. */
  renew(key: string, by: Berth): boolean;
  drop(key: string, by: Berth): void;
}

const memberKey = (id: string): string => `requester.${id}`;

export function createLeaseStore(clock: HandClock): LeaseStore {
  const held = new Map<string, Held>();
  const onChanged = new Set<(picture: Picture) => void>();
  let revision = 0;
  const picture = (): Picture => {
    const keys = [...held.keys()];
    const requesters = keys
      .filter((key) => key.startsWith(memberKey("")))
      .map((key) => key.slice(memberKey("").length));
    const shards = [...held].filter(([key]) => !key.startsWith(memberKey("")));
    return { requesters: requesters.sort(), owners: new Map(shards.map(([key, { by }]) => [Number(key), by.name])) };
  };
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
    take(key, by) {
      const holder = held.get(key);
      if (holder !== undefined) return holder.by === by ? holder.epoch : undefined;
      revision++;
      const holding: Held = { by, epoch: revision, untilAt: clock.now() + ttlMs };
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

/** Something the port keeps alive until it is told to stop or is told no. */
interface Keeping {
  stop(): void;
}

/** Leases as one process reaches them. Its berth's name is the requester's id. */
export function memoryLeases(berth: Berth, store: LeaseStore): Leases {
  const kept = new Map<string, Keeping>();
  const hearing = berth.hearing();
  let watcher: LeaseWatcher | undefined;
  let closed = false;
  const take = (key: string) => insist(() => berth.exchange("leases", () => store.take(key, berth)));
  const keep = (key: string, ended: () => void): void => {
    const keeping = keepAlive(
      berth,
      () => store.renew(key, berth),
      () => {
        if (kept.get(key) !== keeping) return;
        kept.delete(key);
        ended();
      },
    );
    kept.set(key, keeping);
  };
  const letGo = (key: string): void => {
    kept.get(key)?.stop();
    kept.delete(key);
  };
  // A member whose entry ended, after a long pause say, comes back as soon as it can.
  const join = async (): Promise<void> => {
    await take(memberKey(berth.name));
    if (!closed) keep(memberKey(berth.name), rejoin);
  };
  const rejoin = (): void => {
    if (!closed) void join().catch(() => berth.clock.at(berth.clock.now() + renewMs, rejoin));
  };
  return {
    async start(given) {
      watcher = given;
      await join();
      await insist(() => berth.exchange("leases", () => follow(store, hearing, given)));
    },
    async acquire(shard) {
      const epoch = await take(`${shard}`);
      if (epoch === undefined) return undefined;
      const lease: Lease = { shard, epoch };
      keep(`${shard}`, () => watcher?.lost(lease));
      return lease;
    },
    async release({ shard }) {
      letGo(`${shard}`);
      await insist(() => berth.exchange("leases", () => store.drop(`${shard}`, berth)));
    },
    async close() {
      closed = true;
      for (const key of [...kept.keys()]) letGo(key);
      hearing.close();
      // Who cannot say goodbye is missed in time.
      await insist(() => berth.exchange("leases", () => store.drop(memberKey(berth.name), berth))).catch(
        () => undefined,
      );
    },
  };
}

function follow(store: LeaseStore, hearing: ReturnType<Berth["hearing"]>, watcher: LeaseWatcher): void {
  const tell = (picture: Picture): void => hearing.push(() => watcher.changed(picture));
  tell(store.picture());
  store.onChanged.add(tell);
  hearing.onClosed(() => store.onChanged.delete(tell));
}

/** Renews until it is stopped; `ended` is called when it was refused, or not confirmed in time. */
function keepAlive(berth: Berth, renew: () => boolean, ended: () => void): Keeping {
  const { clock } = berth;
  let kept = true;
  let cancelEnd = clock.at(clock.now() + ttlMs, end);
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
        // Counted from the asking: the server's own count began no earlier.
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
