import type { LeaseSnapshot, ViewEntry } from "@shoal/core";
import { shardCount } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { featureLevelKey } from "./feature-level.ts";
import { createLeaseTable, isMemberKey, leaseKey, memberKey } from "./lease-table.ts";
import { leaseTimes, validUntil } from "./lease-times.ts";

type Change = readonly [key: string, value?: Omit<ViewEntry, "seq">];

/** The snapshots after these changes of a bucket that was empty when it had been read. */
function snapshots(...changes: readonly Change[]): readonly LeaseSnapshot[] {
  const all: LeaseSnapshot[] = [];
  const table = createLeaseTable({ changed: (snapshot) => all.push(snapshot) });
  table.complete();
  for (const [key, value] of changes) table.see(key, value && { seq: 0, ...value });
  return all.slice(1);
}

const member = (id: string, more: object = {}): Change => [memberKey(id), { by: id, nonce: "1", ...more }];
const owner = (shard: number, by: string, nonce = "1"): Change => [leaseKey(shard), { by, nonce }];

describe("the table of leases", () => {
  it("shows the bucket once it has been read, also when it is empty", () => {
    const all: LeaseSnapshot[] = [];
    const table = createLeaseTable({ changed: (snapshot) => all.push(snapshot) });
    table.see(memberKey("a"), { seq: 0, by: "a", version: "1.0.0", featureLevel: 2 });
    expect(all).toEqual([]);
    table.complete();
    const members = new Map([["a", { version: "1.0.0", featureLevel: 2 }]]);
    expect(all).toEqual([{ requesters: ["a"], members, owners: new Map(), featureLevel: 1 }]);
  });

  it("shows each change, and no renewal", () => {
    const [joined, owned, free, left, ...rest] = snapshots(
      member("a"),
      member("a", { nonce: "2" }),
      owner(3, "a"),
      owner(3, "a", "2"),
      [leaseKey(3)],
      [memberKey("a")],
      [memberKey("a")],
    );
    expect(rest).toEqual([]);
    expect([joined, owned, free, left].map((each) => [each?.requesters.join(), each?.owners.get(3)])).toEqual([
      ["a", undefined],
      ["a", "a"],
      ["a", undefined],
      ["", undefined],
    ]);
  });

  it("shows no change when a lease is taken again in another order", () => {
    const table: LeaseSnapshot[] = [];
    const leases = createLeaseTable({ changed: (snapshot) => table.push(snapshot) });
    const see = ([key, value]: Change) => leases.see(key, value && { seq: 0, ...value });
    for (const shard of [1, 2, 10]) see(owner(shard, "a"));
    leases.complete();
    expect(table).toHaveLength(1);
    see([leaseKey(2)]);
    see(owner(2, "a"));
    expect(table.map(({ owners }) => owners.size)).toEqual([3, 2, 3]);
    see(owner(10, "a", "2"));
    expect(table).toHaveLength(3);
  });

  it("shows a member of an older release with the least that it supports", () => {
    const [first, second] = snapshots(member("b"), member("a", { version: 7, featureLevel: 0 }));
    expect(first?.members.get("b")).toEqual({ version: "", featureLevel: 1 });
    expect(second?.requesters).toEqual(["a", "b"]);
    expect(second?.members.get("a")).toEqual({ version: "", featureLevel: 1 });
  });

  it("ignores keys that are no shard, and reads the first and the last one", () => {
    const keys = ["-1", "1.5", "x", `${shardCount}`, "cluster.other"];
    expect(snapshots(...keys.map((key): Change => [key, { by: "a" }]))).toEqual([]);
    const edges = snapshots(owner(0, "a"), owner(shardCount - 1, "b"));
    expect([...(edges.at(-1)?.owners ?? [])]).toEqual([
      [0, "a"],
      [shardCount - 1, "b"],
    ]);
  });

  it("never lowers the feature level, also when its entry is removed", () => {
    const seen = snapshots([featureLevelKey, { level: 3 }], [featureLevelKey, { level: 2 }], [featureLevelKey]);
    expect(seen.map(({ featureLevel }) => featureLevel)).toEqual([3]);
  });

  it("distinguishes a member's key from a shard's", () => {
    expect([memberKey("a"), leaseKey(1)].map(isMemberKey)).toEqual([true, false]);
  });
});

describe("the times of a lease", () => {
  it("are whole seconds, as the server counts, with three renewals", () => {
    expect(leaseTimes.ttlMs % 1_000).toBe(0);
    expect(leaseTimes.ttlMs / leaseTimes.renewMs).toBeGreaterThanOrEqual(3);
  });
  it("end it for its owner half a second before the server ends it", () => {
    expect(validUntil(1_000, { ttlMs: 6_000, renewMs: 2_000 })).toBe(6_500);
  });
});
