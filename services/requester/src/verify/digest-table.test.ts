import { describe, expect, it } from "vitest";
import { DigestTable } from "./digest-table.ts";

const bytes = (text: string) => Buffer.from(text);
// The table grows more than once from its first size.
const many = 10_000;

describe("a table of digests", () => {
  it("finds stored keys, in any number, and no others", () => {
    const table = new DigestTable("values");
    for (let n = 0; n < many; n++) table.set(`key-${n}`, bytes(`value ${n}`));
    for (let n = 0; n < many; n++) expect(table.expect(`key-${n}`, bytes(`value ${n}`))).toBe("same");
    expect(table.expect("key-1", bytes("value 2"))).toBe("different");
    expect(table.expect(`key-${many}`, bytes("value"))).toBe("missing");
  });
  it("counts what is stored and was not expected", () => {
    const table = new DigestTable("values");
    for (const key of ["a", "b", "c"]) table.set(key, bytes(key));
    table.expect("a", bytes("a"));
    table.expect("b", bytes("another"));
    table.expect("d", bytes("d"));
    expect([table.unexpected, table.isUnexpected("a"), table.isUnexpected("c")]).toEqual([1, false, true]);
    table.delete("c");
    table.delete("d");
    expect([table.unexpected, table.isUnexpected("c")]).toEqual([0, false]);
    expect(table.add("c")).toBe(true);
  });
  it("accepts a removed key again, with its last value", () => {
    const table = new DigestTable("values");
    table.set("a", bytes("1"));
    table.delete("a");
    expect(table.expect("a", bytes("1"))).toBe("missing");
    table.set("a", bytes("1"));
    table.set("a", bytes("2"));
    expect(table.unexpected).toBe(1);
    expect(table.expect("a", bytes("2"))).toBe("same");
  });
  // 33 or 17 bytes a slot, of which the last growth may have left half free: 1.5 / 0.75 = 2.
  it.each([
    ["values", 66],
    ["keys", 34],
  ] as const)("of %s takes at most %i bytes an entry", (holds, most) => {
    const table = new DigestTable(holds);
    let worst = 0;
    for (let n = 1; n <= many; n++) {
      if (holds === "values") table.set(`key-${n}`, bytes("value"));
      else table.add(`key-${n}`);
      // From the first growth on: the first size is also that of a table with few entries.
      if (n > 1_000) worst = Math.max(worst, table.bytes / n);
    }
    expect(worst).toBeLessThanOrEqual(most);
  });
  it("keeps its counts when it grows", () => {
    const table = new DigestTable("keys");
    for (let n = 0; n < many; n++) table.add(`key-${n}`);
    for (let n = 0; n < many; n += 2) table.delete(`key-${n}`);
    for (let n = many; n < 3 * many; n++) table.add(`key-${n}`);
    expect(table.unexpected).toBe(2.5 * many);
    expect([table.add("key-0"), table.add("key-1"), table.add(`key-${3 * many}`)]).toEqual([true, false, true]);
  });
});
