import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlotSet, slotSetOf, slotsIn, slotsMax, slotText } from "./slots.ts";

const slots = fc.array(
  fc.oneof(
    fc.nat(40).map((partition) => `${partition}`),
    fc.constantFrom("n-a", "n-b", "007", "-1", "1e3"),
  ),
);

describe("a set of slots", () => {
  it("has the shortest form", () => {
    expect(slotSetOf(Array.from({ length: 1000 }, (_, index) => `${index}`))).toEqual([[0, 999]]);
    expect(slotSetOf(["n-b", "7", "3", "2", "n-a", "1", "9", "8"])).toEqual([[1, 3], [7, 9], "n-a", "n-b"]);
    expect(slotSetOf(["5"])).toEqual(["5"]);
    expect(slotText([[1, 3], "7", "n-a"])).toBe("1-3, 7, n-a");
  });
  it("has exactly the given slots, in any order, and its schema reads it back", () => {
    fc.assert(
      fc.property(slots, (given) => {
        const set = slotSetOf(given);
        expect([...slotsIn(set)].toSorted()).toEqual([...new Set(given)].toSorted());
        expect(SlotSet.parse(JSON.parse(JSON.stringify(set)))).toEqual(set);
      }),
    );
  });
  it("has one form for the same slots", () => {
    fc.assert(
      fc.property(slots, (given) => {
        expect(slotSetOf(given.toReversed())).toEqual(slotSetOf(given));
        expect(slotSetOf(slotsIn(slotSetOf(given)))).toEqual(slotSetOf(given));
      }),
    );
  });
  it("is limited, and has no empty range", () => {
    expect(SlotSet.safeParse([[0, slotsMax - 1]]).success).toBe(true);
    expect(SlotSet.safeParse([[0, slotsMax]]).success).toBe(false);
    expect(SlotSet.safeParse([[3, 3]]).success).toBe(false);
    expect(SlotSet.safeParse([[3, 2]]).success).toBe(false);
  });
});
