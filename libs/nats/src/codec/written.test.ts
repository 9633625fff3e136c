import { describe, expect, it } from "vitest";
import { createWritten } from "./written.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("what was written lately", () => {
  it("is known by its position and its bytes, and by neither alone", () => {
    const written = createWritten<string>();
    written.add(7, bytes("seven"), "7");
    expect(written.at(7, bytes("seven"))).toBe("7");
    expect(written.at(7, bytes("other"))).toBeUndefined();
    expect(written.at(8, bytes("seven"))).toBeUndefined();
  });

  it("is forgotten when enough has come behind it", () => {
    const written = createWritten<number>(2);
    for (const seq of [1, 2, 3]) written.add(seq, bytes(`${seq}`), seq);
    expect([1, 2, 3].map((seq) => written.at(seq, bytes(`${seq}`)))).toEqual([undefined, 2, 3]);
  });
});
