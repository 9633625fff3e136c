import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keptText } from "./kept-text.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shoal-kept-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("is made once, and read by its owner only", () => {
  expect(keptText(folder, "id", () => "one")).toBe("one");
  expect(keptText(folder, "id", () => expect.unreachable())).toBe("one");
  expect(statSync(join(folder, "id")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["id"]);
});

it("is the first one's when two make it at the same time", () => {
  const make = () => {
    writeFileSync(join(folder, "id"), "other");
    return "mine";
  };
  expect(keptText(folder, "id", make)).toBe("other");
  expect(readdirSync(folder)).toEqual(["id"]);
});
