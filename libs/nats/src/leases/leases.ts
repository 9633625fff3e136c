import { assert, type Lease, type Leases, type LeaseWatcher, type MemberInfo } from "@shoal/core";
import { buckets, featureLevel, shoalVersion, tokenProblem } from "@shoal/proto";
import { type Link, unreachable } from "../connection/link.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import type { Reading } from "../stream/reading.ts";
import { watchBucket } from "../views/watch.ts";
import { type Claim, claimKey, dropClaim, standingClaim } from "./claim.ts";
import { raiseFeatureLevel } from "./feature-level.ts";
import { type LeaseTimes, leaseTimes, validUntil } from "./lease-times.ts";
import { createPicture, leaseKey, memberKey } from "./picture.ts";

/** A lease of ours, as we keep it. */
interface Held {
  readonly lease: Lease;
  readonly claim: Claim;
  revision: number;
  cancelEnd: () => void;
  /** What is under way for it: a renewal must not cross a release. */
  busy: Promise<void>;
}

interface Office {
  readonly link: Link;
  readonly requesterId: string;
  readonly nonce: string;
  readonly times: LeaseTimes;
  readonly held: Map<number, Held>;
  watcher: LeaseWatcher | undefined;
  self: MemberInfo;
  watch: Reading | undefined;
  member: { revision: number; busy: Promise<void> };
  cancelRound: () => void;
  closed: boolean;
}

/** Leases in the bucket of shards. The end of one that is not renewed is told by the server: nobody asks around. */
export function createLeases(link: Link, requesterId: string, times: LeaseTimes = leaseTimes): Leases {
  const problem = tokenProblem(requesterId);
  assert(problem === undefined, `requester id "${requesterId}" cannot stand in a key: ${problem}`);
  const office: Office = {
    link,
    requesterId,
    nonce: link.random.uuid(),
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
    start: (watcher, self = office.self) => start(office, watcher, self),
    raiseFeatureLevel: (level) => raiseFeatureLevel(link, level),
    acquire: (shard) => acquire(office, shard),
    release: (lease) => release(office, lease),
    close: () => close(office),
  };
}

function claimOf({ requesterId, nonce, times }: Office, key: string): Claim {
  return { key, by: requesterId, nonce, ttlMs: times.ttlMs };
}

async function start(office: Office, watcher: LeaseWatcher, self: MemberInfo): Promise<void> {
  office.watcher = watcher;
  office.self = self;
  await join(office);
  const picture = createPicture(watcher);
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  office.watch = await watchBucket(
    office.link,
    { bucket: buckets.shards, pattern: ">" },
    {
      changed(key, value) {
        noticeThief(office, key, value?.["nonce"]);
        picture.see(key, value);
      },
      ready() {
        picture.complete();
        resolve();
      },
    },
  );
  await ready;
  nextRound(office);
}

/** Puts this requester on the list; an older process of the same id may still stand there. */
async function join(office: Office): Promise<void> {
  const untilAt = office.link.clock.now() + patienceMs;
  while (!(await renewMember(office))) {
    if (office.link.clock.now() >= untilAt)
      throw unreachable("joining the requesters", "the server does not confirm it");
    await shortPause(office.link);
  }
}

async function renewMember(office: Office): Promise<boolean> {
  const key = memberKey(office.requesterId);
  const claim = { ...claimOf(office, key), says: { ...office.self } };
  const claimed = await claimKey(office.link, claim, office.member.revision);
  if (claimed.state === "held") {
    office.member.revision = claimed.revision;
    return true;
  }
  // The list says who lives, and we do: whatever stands there is written over.
  if (claimed.state === "taken") office.member.revision = (await standingClaim(office.link, key))?.revision ?? 0;
  return false;
}

function nextRound(office: Office): void {
  const { clock } = office.link;
  office.cancelRound = clock.at(clock.now() + office.times.renewMs, () => {
    if (office.closed) return;
    // Each renewal behind what is under way for the same key; what fails is tried again in the next round.
    office.member.busy = after(office, office.member.busy, () => renewMember(office));
    for (const held of office.held.values()) held.busy = after(office, held.busy, () => renew(office, held));
    nextRound(office);
  });
}

function after({ link }: Office, before: Promise<void>, work: () => Promise<unknown>): Promise<void> {
  return before.then(work).then(
    () => {},
    (failure: unknown) => link.trouble(`leases: ${failure instanceof Error ? failure.message : String(failure)}`),
  );
}

// A claim is tried so often when the server does not confirm it; then the shard is for a later look.
const claimTriesMax = 3;

async function acquire(office: Office, shard: number): Promise<Lease | undefined> {
  const { link, held } = office;
  const claim = claimOf(office, leaseKey(shard));
  for (let tries = 0; tries < claimTriesMax && !office.closed; tries++) {
    const standing = await standingClaim(link, claim.key);
    const ours = standing?.nonce === office.nonce;
    if (ours && held.has(shard)) return held.get(shard)?.lease;
    // One of ours that we do not hold (its answer was lost, or it ran out here first) is claimed anew, for a new epoch.
    if (!ours && standing !== undefined && standing.nonce !== "") return undefined;
    const sentAt = link.clock.now();
    const claimed = await claimKey(link, claim, standing?.revision ?? 0);
    if (claimed.state === "taken") return undefined;
    if (claimed.state === "held" && claimed.fresh)
      return hold(office, { shard, claim, revision: claimed.revision, sentAt });
    await shortPause(link);
  }
  return undefined;
}

function hold(office: Office, won: { shard: number; claim: Claim; revision: number; sentAt: number }): Lease {
  const lease = { shard: won.shard, epoch: won.revision };
  const held: Held = {
    lease,
    claim: won.claim,
    revision: won.revision,
    cancelEnd: () => {},
    busy: Promise.resolve(),
  };
  office.held.set(won.shard, held);
  confirm(office, held, won.sentAt);
  return lease;
}

function confirm(office: Office, held: Held, sentAt: number): void {
  held.cancelEnd();
  held.cancelEnd = office.link.clock.at(validUntil(sentAt, office.times), () => lose(office, held));
}

async function renew(office: Office, held: Held): Promise<void> {
  if (office.held.get(held.lease.shard) !== held) return;
  const sentAt = office.link.clock.now();
  const claimed = await claimKey(office.link, held.claim, held.revision);
  if (office.held.get(held.lease.shard) !== held) return;
  if (claimed.state === "taken") return lose(office, held);
  if (claimed.state !== "held") return;
  held.revision = claimed.revision;
  if (claimed.fresh) confirm(office, held, sentAt);
}

function noticeThief(office: Office, key: string, nonce: unknown): void {
  const held = office.held.get(Number(key));
  if (held !== undefined && nonce !== undefined && nonce !== office.nonce) lose(office, held);
}

function lose(office: Office, held: Held): void {
  if (!forget(office, held) || office.closed) return;
  office.watcher?.lost(held.lease);
}

function forget(office: Office, held: Held): boolean {
  held.cancelEnd();
  if (office.held.get(held.lease.shard) !== held) return false;
  return office.held.delete(held.lease.shard);
}

async function release(office: Office, lease: Lease): Promise<void> {
  const held = office.held.get(lease.shard);
  if (held === undefined || held.lease.epoch !== lease.epoch) return;
  forget(office, held);
  await held.busy;
  await dropClaim(office.link, held.claim.key, held.revision);
}

async function close(office: Office): Promise<void> {
  if (office.closed) return;
  office.closed = true;
  office.cancelRound();
  for (const held of [...office.held.values()]) forget(office, held);
  await office.member.busy;
  if (office.member.revision > 0) await dropClaim(office.link, memberKey(office.requesterId), office.member.revision);
  await office.watch?.close();
}
