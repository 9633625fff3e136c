import { describe, expect, it } from "vitest";
import { decode, encode, joinList, joinMap } from "./plain-maps.ts";

describe("what is joined of encoded pieces", () => {
  // On both sides of every length of a head.
  it.each([0, 1, 15, 16, 65_535, 65_536])("is, as a list of %i, what encoding the whole gives", (length) => {
    const items = Array.from({ length }, (_, index) => ({ index }));
    const joined = joinList(items.map(encode));
    expect(Buffer.compare(joined, encode(items))).toBe(0);
    expect(decode(joined)).toEqual(items);
  });

  it.each([0, 2, 15, 16, 70_000])("says the same, as a map of %i, as encoding the whole", (length) => {
    const fields = Object.fromEntries(Array.from({ length }, (_, index) => [`field-${index}`, [index]]));
    const encoded = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, encode(value)]));
    expect(decode(joinMap(encoded))).toEqual(fields);
  });
});
