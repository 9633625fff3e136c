import { describe, expect, it } from "vitest";
import { createWritten } from "./written.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("what was written lately", () => {
  it("is known by its subject and its bytes, and by neither alone", () => {
    const written = createWritten<number>();
    written.add("a", bytes("one"), 1);
    expect(written.at("a", bytes("one"))).toBe(1);
    expect(written.at("a", bytes("two"))).toBeUndefined();
    expect(written.at("b", bytes("one"))).toBeUndefined();
    written.add("a", bytes("two"), 2);
    expect([written.at("a", bytes("one")), written.at("a", bytes("two"))]).toEqual([undefined, 2]);
  });

  it("is forgotten when enough has come behind it", () => {
    const written = createWritten<string>(2);
    for (const subject of ["a", "b", "a", "c"]) written.add(subject, bytes(subject), subject);
    expect(["a", "b", "c"].map((subject) => written.at(subject, bytes(subject)))).toEqual(["a", undefined, "c"]);
  });
});
