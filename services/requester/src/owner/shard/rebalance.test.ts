import { shardCount } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planRebalance } from "./rebalance.ts";

const owned = (owners: ReadonlyMap<number, string>, who: string) =>
  new Set([...owners].filter(([, owner]) => owner === who).map(([shard]) => shard));

/** Every requester does what planRebalance returns, one after the other, until nothing moves. */
function settle(
  requesters: readonly string[],
  owners: Map<number, string>,
): { readonly moves: number; readonly rounds: number } {
  let moves = 0;
  for (let rounds = 0; ; rounds++) {
    const before = moves;
    for (const me of requesters) {
      const { acquire, release } = planRebalance(me, { requesters, owners }, owned(owners, me));
      for (const shard of release) owners.delete(shard);
      for (const shard of acquire) if (!owners.has(shard)) owners.set(shard, me);
      moves += acquire.length + release.length;
    }
    if (moves === before || rounds > 50) return { moves, rounds };
  }
}

describe("the share of each requester", () => {
  it("reaches a fair share from any snapshot, and then moves nothing", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: shardCount - 1 }), fc.integer({ min: 0, max: 19 }))),
        (many, held) => {
          const requesters = Array.from({ length: many }, (_, index) => `r${String(index).padStart(2, "0")}`);
          const owners = new Map(held.map(([shard, who]) => [shard, requesters[who % many] ?? "r00"] as const));
          const { rounds } = settle(requesters, owners);
          expect(rounds).toBeLessThan(10);
          expect(owners.size).toBe(shardCount);
          const sizes = requesters.map((who) => owned(owners, who).size);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it("moves only the dead requester's shards", () => {
    const owners = new Map<number, string>();
    settle(["a", "b", "c"], owners);
    const saved = new Map([...owners].filter(([, owner]) => owner !== "b"));
    for (const shard of owned(owners, "b")) owners.delete(shard);
    settle(["a", "c"], owners);
    for (const [shard, owner] of saved) expect(owners.get(shard)).toBe(owner);
  });

  it("does nothing while this requester is not on the list", () => {
    expect(planRebalance("ghost", { requesters: ["a"], owners: new Map() }, new Set())).toEqual({
      acquire: [],
      release: [],
    });
  });
});
