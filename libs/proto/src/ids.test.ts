import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { executionIdOf, nameCharsMax, shardCount, shardOf, shortId, tokenProblem, uuidOfHex } from "./ids.ts";

const place = { jobId: "j-5a3b1c9e-0000-8000-8000-000000000001", version: 1, slot: "0", attempt: 1 };
const uuid8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("an execution's id", () => {
  it("equals the id in existing logs: never change the derivation", () => {
    expect(executionIdOf(place)).toBe(frozen.first);
    expect(executionIdOf({ ...place, slot: "7", attempt: 3 })).toBe(frozen.other);
    expect(shardOf(place.jobId)).toBe(frozen.shard);
  });
  it("differs for every job, version, slot and attempt", () => {
    const ids = new Set<string>();
    for (let job = 0; job < 20; job++)
      for (let version = 1; version <= 2; version++)
        for (let partition = 0; partition < 100; partition++)
          for (let attempt = 1; attempt <= 10; attempt++)
            ids.add(executionIdOf({ jobId: `j-${job}`, version, slot: `${partition}`, attempt }));
    expect(ids.size).toBe(20 * 2 * 100 * 10);
  });
  it("is a UUID after its prefix, and one token of a subject", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), (jobId, partition, attempt) => {
        const id = executionIdOf({ jobId, version: 1, slot: `${partition}`, attempt });
        expect(id.slice(0, 2)).toBe("e-");
        expect(id.slice(2)).toMatch(uuid8);
        expect(tokenProblem(id)).toBeUndefined();
      }),
    );
  });
});

const frozen = {
  first: "e-34ad1401-1160-8a7b-ba31-4320483dcf16",
  other: "e-9b673b60-f0ad-8915-ae56-5f53c278b9ea",
  shard: 6,
};

describe("a shard", () => {
  it("is the same on every call for an id, and below the shard count", () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        expect(shardOf(id)).toBe(shardOf(id));
        expect(shardOf(id)).toBeGreaterThanOrEqual(0);
        expect(shardOf(id)).toBeLessThan(shardCount);
      }),
    );
  });
  it("gets its share of similar ids", () => {
    const counts = new Array<number>(shardCount).fill(0);
    const ids = Array.from(
      { length: 16_000 },
      (_, index) => `j-00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    );
    for (const id of ids) counts[shardOf(id)] = (counts[shardOf(id)] ?? 0) + 1;
    // A thousand each on average; a fifth more or less is six standard deviations.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200);
  });
});

describe("names", () => {
  it.each(["a", "default", "n-1_B", "9", "x".repeat(nameCharsMax)])("may be %s", (name) => {
    expect(tokenProblem(name)).toBeUndefined();
  });
  it.each(["", "a.b", "a b", "*", ">", "-a", "ä", "a/b", "a\n", "x".repeat(nameCharsMax + 1)])(
    "may not be %j",
    (name) => {
      expect(tokenProblem(name)).toBeDefined();
    },
  );
  it("have a short form with the prefix and eight digits", () => {
    expect(shortId(place.jobId)).toBe("j-5a3b1c9e");
  });
  it("made of digits are UUIDs of version 8", () => {
    expect(uuidOfHex("f".repeat(32))).toBe("ffffffff-ffff-8fff-bfff-ffffffffffff");
    expect(uuidOfHex("0".repeat(32))).toMatch(uuid8);
  });
});
