import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPrng } from "../testing/prng.ts";
import { EligibleNodes } from "./eligible-nodes.ts";

const nodesOf = (count: number) => {
  const nodes = new EligibleNodes();
  for (let index = 0; index < count; index++) nodes.add(`n-${index}`);
  return nodes;
};

describe("the nodes that fit", () => {
  it("are a set after any additions, removals and draws", () => {
    const step = fc.tuple(fc.constantFrom("add", "delete", "draw"), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(fc.array(step), fc.integer(), (steps, seed) => {
        const prng = createPrng(seed);
        const nodes = new EligibleNodes();
        const expected = new Set<string>();
        for (const [what, index] of steps) {
          const nodeId = `n-${index}`;
          if (what === "draw") nodes.draw({ limit: index, fraction: () => prng.fraction(), accepts: () => true });
          if (what === "add") nodes.add(nodeId);
          if (what === "delete") nodes.delete(nodeId);
          if (what === "add") expected.add(nodeId);
          if (what === "delete") expected.delete(nodeId);
        }
        expect([new Set(nodes.ids()), nodes.size]).toEqual([expected, expected.size]);
        for (let index = 0; index < 10; index++) expect(nodes.has(`n-${index}`)).toBe(expected.has(`n-${index}`));
      }),
    );
  });

  it.each([
    ["few", 3],
    ["many", 100],
  ])("are drawn at random, as often as the others, when they are %s", (_, count) => {
    const prng = createPrng(1);
    const nodes = nodesOf(count);
    const draws = new Map<string, number>();
    for (let round = 0; round < count * 100; round++)
      for (const nodeId of nodes.draw({ limit: 1, fraction: () => prng.fraction(), accepts: () => true }))
        draws.set(nodeId, (draws.get(nodeId) ?? 0) + 1);
    // A hundred each on average.
    expect(draws.size).toBe(count);
    expect(Math.min(...draws.values())).toBeGreaterThan(50);
  });

  it("are drawn once each, and all are visited only when few are accepted", () => {
    const prng = createPrng(1);
    const nodes = nodesOf(1_000);
    let looked = 0;
    const draw = (limit: number, accepts: (nodeId: string) => boolean) => {
      looked = 0;
      return nodes.draw({
        limit,
        fraction: () => prng.fraction(),
        accepts: (nodeId) => ++looked > 0 && accepts(nodeId),
      });
    };
    expect([new Set(draw(64, () => true)).size, looked]).toEqual([64, 64]);
    expect(draw(64, (nodeId) => nodeId === "n-777")).toEqual(["n-777"]);
    expect(looked).toBeGreaterThanOrEqual(1_000);
  });

  it("are drawn uniformly", () => {
    const prng = createPrng(2);
    const nodes = nodesOf(10);
    const counts = new Map<string, number>();
    for (let time = 0; time < 10_000; time++) {
      const [nodeId = ""] = nodes.draw({ limit: 1, fraction: () => prng.fraction(), accepts: () => true });
      counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
    }
    // Six standard deviations of a thousand.
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(180);
    expect(counts.size).toBe(10);
  });
});
