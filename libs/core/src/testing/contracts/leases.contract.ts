import { featureLevel, shoalVersion } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Lease, LeaseSnapshot, Leases, MemberInfo } from "../../ports/leases.ts";
import { type Recorded, record } from "./recorded.ts";

/** A lease store under test, empty at first. */
export interface LeaseHarness {
  /** A requester of this id, as a separate process creates it; not started yet. */
  join(requesterId: string): Leases;
  /** Cuts the requester off: its messages are lost from now on. Its clock continues. */
  crash(requesterId: string): void;
  /** Resolves once at least the lifetime of a lease has passed. */
  outlive(): Promise<void>;
  close?(): Promise<void>;
}

interface Member {
  readonly leases: Leases;
  readonly snapshots: Recorded<LeaseSnapshot>;
  readonly lost: Recorded<Lease>;
}

async function start(harness: LeaseHarness, id: string, self?: MemberInfo): Promise<Member> {
  const snapshots = record<LeaseSnapshot>();
  const lost = record<Lease>();
  const leases = harness.join(id);
  await leases.start({ changed: snapshots.push, lost: lost.push }, self);
  return { leases, snapshots, lost };
}

const sees = (member: Member, fits: (snapshot: LeaseSnapshot) => boolean) => member.snapshots.first(fits);

/** The contract of every implementation of leases, in memory or on a server. */
export function leasesContract(name: string, make: () => Promise<LeaseHarness>): void {
  describe(`${name}, as leases`, () => {
    let harness: LeaseHarness;
    let members: Member[] = [];
    const join = async (id: string, self?: MemberInfo) => {
      const member = await start(harness, id, self);
      members.push(member);
      return member;
    };
    beforeEach(async () => {
      harness = await make();
      members = [];
    });
    afterEach(async () => {
      for (const { leases } of members) await leases.close();
      await harness.close?.();
    });
    owns(join);
    ends(join, () => harness);
    features(join);
  });
}

function owns(join: (id: string) => Promise<Member>): void {
  it("shows the live requesters in order, and the owner of each shard", async () => {
    const b = await join("b");
    const a = await join("a");
    await b.leases.acquire(3);
    for (const member of [a, b]) {
      await sees(member, ({ requesters, owners }) => requesters.join() === "a,b" && owners.get(3) === "b");
    }
  });
  it("grants a shard to one requester, with an epoch", async () => {
    const [a, b] = [await join("a"), await join("b")];
    const taken = await Promise.all([a.leases.acquire(1), b.leases.acquire(1)]);
    expect(taken.filter((lease) => lease !== undefined)).toHaveLength(1);
    expect(taken.find((lease) => lease !== undefined)?.epoch).toBeGreaterThan(0);
  });
  it("grants different shards independently", async () => {
    const a = await join("a");
    const leases = await Promise.all([0, 1, 2].map((shard) => a.leases.acquire(shard)));
    expect(leases.map((lease) => lease?.shard)).toEqual([0, 1, 2]);
  });
  it("hands over at once on release, and the epoch grows", async () => {
    const [a, b] = [await join("a"), await join("b")];
    const first = await a.leases.acquire(2);
    expect(first).toBeDefined();
    if (first === undefined) return;
    await sees(b, ({ owners }) => owners.get(2) === "a");
    const seen = b.snapshots.all.length;
    await a.leases.release(first);
    await sees(b, (snapshot) => b.snapshots.all.indexOf(snapshot) >= seen && !snapshot.owners.has(2));
    const second = await b.leases.acquire(2);
    expect(second?.epoch).toBeGreaterThan(first.epoch);
    expect(a.lost.all).toEqual([]);
  });
  it("keeps a lease when an older lease of the same shard is released twice", async () => {
    const [a, b] = [await join("a"), await join("b")];
    const first = (await a.leases.acquire(7)) ?? expect.unreachable();
    await a.leases.release(first);
    const second = (await a.leases.acquire(7)) ?? expect.unreachable();
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await a.leases.release(first);
    expect(await b.leases.acquire(7)).toBeUndefined();
    expect(await a.leases.acquire(7)).toEqual(second);
    await sees(b, ({ owners }) => owners.get(7) === "a");
    await a.leases.release(second);
    expect(await b.leases.acquire(7)).toBeDefined();
  });
  it("removes a requester from the list when it closes", async () => {
    const [a, b] = [await join("a"), await join("b")];
    await sees(a, ({ requesters }) => requesters.join() === "a,b");
    const seen = a.snapshots.all.length;
    await b.leases.close();
    await sees(a, (snapshot) => a.snapshots.all.indexOf(snapshot) >= seen && snapshot.requesters.join() === "a");
  });
}

function ends(join: (id: string) => Promise<Member>, harness: () => LeaseHarness): void {
  it("renews a lease beyond its lifetime", async () => {
    const [a, b] = [await join("a"), await join("b")];
    await a.leases.acquire(4);
    await harness().outlive();
    expect(await b.leases.acquire(4)).toBeUndefined();
    expect(a.lost.all).toEqual([]);
  });
  it("expires a dead requester's leases, shows it, and increases the epoch", async () => {
    const [a, b] = [await join("a"), await join("b")];
    const first = await a.leases.acquire(5);
    await sees(b, ({ owners, requesters }) => owners.get(5) === "a" && requesters.includes("a"));
    const seen = b.snapshots.all.length;
    harness().crash("a");
    await harness().outlive();
    await sees(b, (snapshot) => b.snapshots.all.indexOf(snapshot) >= seen && !snapshot.owners.has(5));
    await sees(b, (snapshot) => b.snapshots.all.indexOf(snapshot) >= seen && snapshot.requesters.join() === "b");
    const second = await b.leases.acquire(5);
    expect(second?.epoch).toBeGreaterThan(first?.epoch ?? Number.POSITIVE_INFINITY);
  });
  it("notifies the owner of a lease that it could not renew", async () => {
    const a = await join("a");
    const lease = await a.leases.acquire(6);
    harness().crash("a");
    await harness().outlive();
    expect(await a.lost.first(() => true)).toEqual(lease);
  });
}

function features(join: (id: string, self?: MemberInfo) => Promise<Member>): void {
  it("shows the entry of each requester, by default this release", async () => {
    const a = await join("a");
    const b = await join("b", { version: "9.1.0", featureLevel: 7 });
    for (const member of [a, b]) {
      const { members } = await sees(member, ({ requesters }) => requesters.join() === "a,b");
      expect(Object.fromEntries(members)).toEqual({
        a: { version: shoalVersion, featureLevel },
        b: { version: "9.1.0", featureLevel: 7 },
      });
    }
  });
  it("begins at feature level 1, raises it for all, and never lowers it", async () => {
    const [a, b] = [await join("a"), await join("b")];
    expect((await sees(a, () => true)).featureLevel).toBe(1);
    expect(await a.leases.raiseFeatureLevel(3)).toBe(3);
    await sees(b, (snapshot) => snapshot.featureLevel === 3);
    expect(await b.leases.raiseFeatureLevel(2)).toBe(3);
    await b.leases.close();
    const c = await join("c");
    await sees(c, (snapshot) => snapshot.featureLevel === 3);
    const after = c.snapshots.all.map((snapshot) => snapshot.featureLevel);
    expect(after).toEqual(after.map(() => 3));
  });
  it("raises it to the highest of several who raise it at once", async () => {
    const [a, b] = [await join("a"), await join("b")];
    await Promise.all([a, b, a, b].map(({ leases }, index) => leases.raiseFeatureLevel(index + 2)));
    await sees(a, (snapshot) => snapshot.featureLevel === 5);
    expect(await b.leases.raiseFeatureLevel(1)).toBe(5);
  });
}
