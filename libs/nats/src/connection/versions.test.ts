import { expect, it } from "vitest";
import { compareVersions, faultsOf, missingIn } from "./versions.ts";

it.each([
  ["2.14.0", "2.9.30", 1],
  ["2.12.0", "2.12.0", 0],
  ["v2.12.0-RC.1", "2.12", 0],
  ["2.11.99", "2.12.0", -1],
])("%s against %s", (one, other, sign) => expect(Math.sign(compareVersions(one, other))).toBe(sign));

it("names what an old server lacks, and accepts a recent one", () => {
  expect(missingIn("2.10.29")?.since).toBe("2.11.0");
  expect(missingIn("2.11.9")?.since).toBe("2.12.0");
  expect(missingIn("2.12.0")).toBeUndefined();
  expect(missingIn("2.14.0")).toBeUndefined();
});

it("lists the faults of a version", () => {
  expect(faultsOf("2.14.0").join()).toContain("2.14.4");
  expect(faultsOf("2.14.4")).toEqual([]);
  expect(faultsOf("2.15.1")).toEqual([]);
});
