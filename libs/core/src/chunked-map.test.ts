import { executionIdOf } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkedMap, mayDiffer, summariesOf } from "./chunked-map.ts";

type Step = readonly [key: number, value: number | undefined];

const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.nat(400), fc.option(fc.nat(9), { nil: undefined })), {
  maxLength: 600,
  size: "max",
});

function apply<M extends { set(key: string, value: number): unknown; delete(key: string): boolean }>(
  map: M,
  changes: readonly Step[],
): M {
  for (const [key, value] of changes) {
    if (value === undefined) map.delete(`k-${key}`);
    else map.set(`k-${key}`, value);
  }
  return map;
}

const sorted = (map: Iterable<[string, number]>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
const sumOf = (entries: ReadonlyMap<string, number>) => [...entries.values()].reduce((sum, each) => sum + each, 0);
const total = (map: ReadonlyMap<string, number>) => summariesOf(map, sumOf).reduce((sum, each) => sum + each, 0);

describe("a chunked map", () => {
  it("has the entries of a map with the same changes, and so has its copy", () => {
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        const [map, plain] = [apply(new ChunkedMap<number>(), first), apply(new Map<string, number>(), first)];
        // Summaries exist before the change.
        expect(total(map)).toBe(total(plain));
        const [copy, changed] = [apply(map.copy(), second), apply(new Map(plain), second)];
        for (const [made, expected] of [
          [map, plain],
          [copy, changed],
        ] as const) {
          expect(sorted(made)).toEqual(sorted(expected));
          expect([made.size, made.has("k-1"), made.get("k-2")]).toEqual([
            expected.size,
            expected.has("k-1"),
            expected.get("k-2"),
          ]);
          expect(total(made)).toBe(total(expected));
        }
        for (const key of new Set([...plain.keys(), ...changed.keys()]))
          if (plain.get(key) !== changed.get(key) && changed.has(key))
            expect(new Map(mayDiffer(copy, map)).get(key)).toBe(changed.get(key));
      }),
      { numRuns: 30 },
    );
  });

  it("makes the summary of a part again after a change in place", () => {
    const map = new ChunkedMap<number>().set("a", 1);
    expect(total(map)).toBe(1);
    expect(total(map.set("a", 5))).toBe(5);
    map.delete("a");
    expect(total(map)).toBe(0);
  });

  it("iterates in the order of insertion while it is small", () => {
    const map = new ChunkedMap<number>();
    for (const key of ["c", "a", "b"]) map.set(key, 1);
    map.delete("c");
    map.set("c", 2);
    expect([...map.keys()]).toEqual(["a", "b", "c"]);
    expect([...map.values()]).toEqual([1, 1, 2]);
  });

  it.each([
    ["slots", (index: number) => `${index}`],
    ["ids of executions", (index: number) => executionIdOf({ jobId: "j-1", version: 1, slot: `${index}`, attempt: 1 })],
  ])("has no part with more than three times 64 of ten thousand %s: a change copies a part", (_, keyOf) => {
    const map = new ChunkedMap<number>();
    for (let index = 0; index < 10_000; index++) map.set(keyOf(index), index);
    expect(Math.max(...map.summaries(({ size }) => size))).toBeLessThan(3 * 64);
  });

  it("shares what does not change with its copy, summaries included", () => {
    const map = new ChunkedMap<number>();
    for (let key = 0; key < 1_000; key++) map.set(`${key}`, key);
    let made = 0;
    const counted = (entries: ReadonlyMap<string, number>) => {
      made += 1;
      return sumOf(entries);
    };
    const chunks = summariesOf(map, counted).length;
    const copy = map.copy().set("5", -5);
    expect(summariesOf(copy, counted)).toHaveLength(chunks);
    expect(made).toBe(chunks + 1);
    const different = [...mayDiffer(copy, map)];
    expect(different.length).toBeLessThan(200);
    expect(different).toContainEqual(["5", -5]);
    expect([...mayDiffer(new Map([["a", 1]]), map)]).toEqual([["a", 1]]);
  });
});
