import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { persistedValue } from "./persisted-value.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shoal-persisted-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const value = (make: () => string) => persistedValue({ folder, name: "id", make });

it("is created once, in a file that only its owner can read", () => {
  expect(value(() => "one")).toBe("one");
  expect(value(() => expect.unreachable())).toBe("one");
  expect(statSync(join(folder, "id")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["id"]);
});

it("is the first one when two processes create it at the same time", () => {
  const make = () => {
    writeFileSync(join(folder, "id"), "other");
    return "mine";
  };
  expect(value(make)).toBe("other");
  expect(readdirSync(folder)).toEqual(["id"]);
});

it("is created again when its file is empty", () => {
  writeFileSync(join(folder, "id"), "");
  expect(value(() => "one")).toBe("one");
  expect(value(() => expect.unreachable())).toBe("one");
  expect(readdirSync(folder)).toEqual(["id"]);
});

it("throws the error of the file system", () => {
  expect(() => persistedValue({ folder: join(folder, "none"), name: "id", make: () => "one" })).toThrow("ENOENT");
});
