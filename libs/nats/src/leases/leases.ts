import { assert, type Lease, type Leases, type LeaseWatcher, type MemberInfo } from "@shoal/core";
import { buckets, featureLevel, shoalVersion, tokenProblem } from "@shoal/proto";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import type { Reading } from "../stream/reading.ts";
import { watchBucket } from "../views/watch.ts";
import { claimKey, dropClaim, type LeaseClaim, standingClaim } from "./claim.ts";
import { raiseFeatureLevel } from "./feature-level.ts";
import { createLeaseTable, leaseKey, memberKey } from "./lease-table.ts";
import { type LeaseTimes, leaseTimes, validUntil } from "./lease-times.ts";

/** A lease that this process holds. */
interface HeldLease {
  readonly lease: Lease;
  readonly claim: LeaseClaim;
  revision: number;
  cancelEnd: () => void;
  /** The pending operation on it: a renewal must not overlap a release. */
  busy: Promise<void>;
}

interface LeaseManagerState {
  readonly session: NatsSession;
  readonly requesterId: string;
  readonly nonce: string;
  readonly times: LeaseTimes;
  readonly held: Map<number, HeldLease>;
  watcher: LeaseWatcher | undefined;
  self: MemberInfo;
  watch: Reading | undefined;
  member: { revision: number; busy: Promise<void> };
  cancelRound: () => void;
  closed: boolean;
}

/** Leases in the bucket of shards. The server publishes the end of one that is not renewed, so that no requester polls. */
export function createLeases(session: NatsSession, requesterId: string, times: LeaseTimes = leaseTimes): Leases {
  const problem = tokenProblem(requesterId);
  assert(problem === undefined, `requester id "${requesterId}" cannot be part of a key: ${problem}`);
  const manager: LeaseManagerState = {
    session,
    requesterId,
    nonce: session.random.uuid(),
    times,
    held: new Map(),
    watcher: undefined,
    self: { version: shoalVersion, featureLevel },
    watch: undefined,
    member: { revision: 0, busy: Promise.resolve() },
    cancelRound: () => {},
    closed: false,
  };
  return {
    start: (watcher, self = manager.self) => start(manager, watcher, self),
    raiseFeatureLevel: (level) => raiseFeatureLevel(session, level),
    acquire: (shard) => acquire(manager, shard),
    release: (lease) => release(manager, lease),
    close: () => close(manager),
  };
}

function claimOf({ requesterId, nonce, times }: LeaseManagerState, key: string): LeaseClaim {
  return { key, by: requesterId, nonce, ttlMs: times.ttlMs };
}

async function start(manager: LeaseManagerState, watcher: LeaseWatcher, self: MemberInfo): Promise<void> {
  manager.watcher = watcher;
  manager.self = self;
  await join(manager);
  const table = createLeaseTable(watcher);
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  manager.watch = await watchBucket(
    manager.session,
    { bucket: buckets.shards, pattern: ">" },
    {
      changed(key, value) {
        onTakenOver(manager, key, value?.["nonce"]);
        table.see(key, value);
      },
      ready() {
        table.complete();
        resolve();
      },
    },
  );
  await ready;
  nextRound(manager);
}

/** Adds this requester to the members. An older process with the same id may still be one. */
async function join(manager: LeaseManagerState): Promise<void> {
  const untilAt = manager.session.clock.now() + patienceMs;
  while (!(await renewMember(manager))) {
    if (manager.session.clock.now() >= untilAt)
      throw unreachable("joining the requesters", "no confirmation from the server");
    await shortPause(manager.session);
  }
}

async function renewMember(manager: LeaseManagerState): Promise<boolean> {
  const key = memberKey(manager.requesterId);
  const claim = { ...claimOf(manager, key), summary: { ...manager.self } };
  const claimed = await claimKey(manager.session, claim, manager.member.revision);
  if (claimed.state === "held") {
    manager.member.revision = claimed.revision;
    return true;
  }
  // This process is alive, so it overwrites any other entry.
  if (claimed.state === "taken") manager.member.revision = (await standingClaim(manager.session, key))?.revision ?? 0;
  return false;
}

function nextRound(manager: LeaseManagerState): void {
  const { clock } = manager.session;
  manager.cancelRound = clock.at(clock.now() + manager.times.renewMs, () => {
    if (manager.closed) return;
    // Each renewal waits for the pending operation on the same key. A renewal that fails is retried in the next round.
    manager.member.busy = after(manager, manager.member.busy, () => renewMember(manager));
    for (const held of manager.held.values()) held.busy = after(manager, held.busy, () => renew(manager, held));
    nextRound(manager);
  });
}

function after({ session }: LeaseManagerState, before: Promise<void>, work: () => Promise<unknown>): Promise<void> {
  return before.then(work).then(
    () => {},
    (failure: unknown) => session.onProblem(`leases: ${failure instanceof Error ? failure.message : String(failure)}`),
  );
}

// Attempts at a claim that the server does not confirm. The next reconciliation claims the shard then.
const claimTriesMax = 3;

async function acquire(manager: LeaseManagerState, shard: number): Promise<Lease | undefined> {
  const { session, held } = manager;
  const claim = claimOf(manager, leaseKey(shard));
  for (let tries = 0; tries < claimTriesMax && !manager.closed; tries++) {
    const standing = await standingClaim(session, claim.key);
    const ours = standing?.nonce === manager.nonce;
    if (ours && held.has(shard)) return held.get(shard)?.lease;
    // A claim of this process that it does not hold (its reply was lost, or it expired here first) is renewed, for a new epoch.
    if (!ours && standing !== undefined && standing.nonce !== "") return undefined;
    const sentAt = session.clock.now();
    const claimed = await claimKey(session, claim, standing?.revision ?? 0);
    if (claimed.state === "taken") return undefined;
    if (claimed.state === "held" && claimed.fresh)
      return hold(manager, { shard, claim, revision: claimed.revision, sentAt });
    await shortPause(session);
  }
  return undefined;
}

function hold(
  manager: LeaseManagerState,
  won: { shard: number; claim: LeaseClaim; revision: number; sentAt: number },
): Lease {
  const lease = { shard: won.shard, epoch: won.revision };
  const held: HeldLease = {
    lease,
    claim: won.claim,
    revision: won.revision,
    cancelEnd: () => {},
    busy: Promise.resolve(),
  };
  manager.held.set(won.shard, held);
  confirm(manager, held, won.sentAt);
  return lease;
}

function confirm(manager: LeaseManagerState, held: HeldLease, sentAt: number): void {
  held.cancelEnd();
  held.cancelEnd = manager.session.clock.at(validUntil(sentAt, manager.times), () => lose(manager, held));
}

async function renew(manager: LeaseManagerState, held: HeldLease): Promise<void> {
  if (manager.held.get(held.lease.shard) !== held) return;
  const sentAt = manager.session.clock.now();
  const claimed = await claimKey(manager.session, held.claim, held.revision);
  if (claimed.state === "taken") return lose(manager, held);
  if (claimed.state !== "held") return;
  // Also when the lease was released meanwhile: the release removes the entry of this revision.
  held.revision = claimed.revision;
  if (claimed.fresh && manager.held.get(held.lease.shard) === held) confirm(manager, held, sentAt);
}

function onTakenOver(manager: LeaseManagerState, key: string, nonce: unknown): void {
  const held = manager.held.get(Number(key));
  if (held !== undefined && nonce !== undefined && nonce !== manager.nonce) lose(manager, held);
}

function lose(manager: LeaseManagerState, held: HeldLease): void {
  if (!forget(manager, held) || manager.closed) return;
  manager.watcher?.lost(held.lease);
}

function forget(manager: LeaseManagerState, held: HeldLease): boolean {
  held.cancelEnd();
  if (manager.held.get(held.lease.shard) !== held) return false;
  return manager.held.delete(held.lease.shard);
}

async function release(manager: LeaseManagerState, lease: Lease): Promise<void> {
  const held = manager.held.get(lease.shard);
  if (held === undefined || held.lease.epoch !== lease.epoch) return;
  forget(manager, held);
  await held.busy;
  await dropClaim(manager.session, held.claim.key, held.revision);
}

async function close(manager: LeaseManagerState): Promise<void> {
  if (manager.closed) return;
  manager.closed = true;
  manager.cancelRound();
  for (const held of [...manager.held.values()]) forget(manager, held);
  await manager.member.busy;
  if (manager.member.revision > 0)
    await dropClaim(manager.session, memberKey(manager.requesterId), manager.member.revision);
  await manager.watch?.close();
}
