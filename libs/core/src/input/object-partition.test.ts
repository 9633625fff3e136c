import { describe, expect, it } from "vitest";
import { type ObjectPartition, partitionOfObject } from "./object-partition.ts";

const plain: ObjectPartition = { type: "object", pattern: "", startIndex: 0, endIndex: 0, dateFormat: "" };
// As many partitions as there are hashes: the number is the hash itself.
const all = 2 ** 32;
const partition = (key: string, more: Partial<ObjectPartition> = {}, { prefix = "", count = all } = {}) =>
  partitionOfObject(key, {
    partition: { ...plain, ...more },
    ...{ prefix, count },
    match: (text) => new RegExp(more.pattern ?? "").exec(text),
  });

describe("the partition of an object", () => {
  // From the algorithm's published test vectors.
  it.each([
    ["", 0x811c9dc5],
    ["a", 0xe40c292c],
    ["foobar", 0xbf9cf968],
  ])("is the FNV-1a hash of %o modulo the count", (key, hash) => {
    expect(partition(key)).toBe(hash);
    expect(partition(key, {}, { count: 7 })).toBe(hash % 7);
  });

  it("is every one without a rule", () => {
    expect(partition("a", { type: "none" })).toBeUndefined();
  });

  it.each([
    ["data/a", "data/*"],
    ["data/a", "data/"],
    ["data/a", "/data"],
    ["/data/a", "data"],
    ["a", "elsewhere/"],
  ])("does not depend on the source's key: %s of %s", (key, prefix) => {
    expect(partition(key, {}, { prefix })).toBe(partition("a"));
  });
});

describe("by pattern", () => {
  it("joins the groups", () => {
    const by = { type: "regex", pattern: "(\\w+)-(\\d+)" } as const;
    expect(partition("x/user-12/y", by)).toBe(partition("user\u001f12"));
  });
  it("takes the whole match when there is no group", () => {
    expect(partition("x/user-12/y", { type: "regex", pattern: "\\d+" })).toBe(partition("12"));
  });
  it("takes a group that took no part as empty", () => {
    expect(partition("b", { type: "regex", pattern: "(a)?(b)" })).toBe(partition("\u001fb"));
  });
  it("is 0 without a match", () => {
    expect(partition("abc", { type: "regex", pattern: "\\d" })).toBe(0);
  });
});

describe("by substring", () => {
  it("takes the characters from start to end, after the prefix", () => {
    expect(partition("in/abcdef", { type: "substring", startIndex: 1, endIndex: 3 }, { prefix: "in/" })).toBe(
      partition("bc"),
    );
  });
  it("is 0 for a shorter key", () => {
    expect(partition("ab", { type: "substring", startIndex: 1, endIndex: 3 })).toBe(0);
  });
});

describe("by date", () => {
  const by = { type: "date", dateFormat: "2006-01-02" } as const;
  it.each(["2026-11-22", "2024-02-29"])("%s counts", (date) => {
    expect(partition(`logs/${date}`, by, { prefix: "logs/" })).toBe(partition(date));
  });
  it.each(["2026-13-01", "2026-02-29", "2026-11-31", "2026-11-00", "26-11-01", "2026-11-22x", "x"])(
    "%s is partition 0",
    (text) => {
      expect(partition(`logs/${text}`, by, { prefix: "logs/" })).toBe(0);
    },
  );
  it("takes a part of the key", () => {
    const of = { type: "date", dateFormat: "2006/01", startIndex: 2, endIndex: 9 } as const;
    expect(partition("x-2026/11/file", of)).toBe(partition("2026/11"));
  });
  it("is 0 with a layout that has no date", () => {
    expect(partition("x", { type: "date", dateFormat: "x" })).toBe(0);
  });
});
