import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { notYet, shown, testsOf } from "./behaviour.ts";
import { findTests } from "./find-tests.ts";
import { sections } from "./sections/index.ts";
import { readTestFile } from "./test-titles.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "shoal-behaviours-"));
  mkdirSync(join(root, "boats"));
  writeFileSync(join(root, "boats/a.test.ts"), boats);
  writeFileSync(join(root, "boats/suite.ts"), `export const suite = (n) => it(\`\${n} floats\`, () => {});`);
});
afterEach(() => rmSync(root, { recursive: true }));

const boats = `
import { suite } from "./suite.ts";
import { other } from "../elsewhere.ts";
describe("a boat", () => {
  describe.skipIf(false)("at sea", () => {
    it.each([["red"], ["blue"]])("is %s", () => {});
    test("sails", { timeout: 5 }, () => {});
  });
  it("is moored", () => {});
});
it("is moored", () => {});
it("describe(\\"no group\\")", () => {});
describe(name, () => { it.skipIf(!wind)("drifts", () => {}); });
const rows = { storm: 1 };
`;
const boat = testsOf("boats/a.test.ts");
const problemsOf = (...rows: Parameters<typeof shown>[1][]) =>
  findTests(root, [{ title: "Boats", rows: [shown("A boat floats.", ...rows)] }]);

it("every behaviour names tests that exist", () => {
  expect(findTests(fileURLToPath(new URL("../../..", import.meta.url)), sections)).toEqual([]);
});

it("no behaviour is listed twice", () => {
  const sentences = sections.flatMap(({ rows }) => rows.map(({ behaviour }) => behaviour));
  expect(sentences.filter((one, index) => sentences.indexOf(one) !== index)).toEqual([]);
});

it("the titles of a file are those of its tests within their groups, and of the suites beside it", () => {
  expect(readTestFile(root, "boats/a.test.ts")?.titles).toEqual([
    "a boat > at sea > is %s",
    "a boat > at sea > sails",
    "a boat > is moored",
    "is moored",
    'describe("no group")',
    "… > drifts",
    "… floats",
  ]);
});

describe("a row of the list", () => {
  it("is valid with the whole title of a test, or with its end", () => {
    const tests = [boat("a boat > at sea > sails"), boat("sails"), boat("is %s", "red"), boat("is %s", "storm")];
    expect(problemsOf(...tests, boat("… floats"))).toEqual([]);
  });
  it("is refused when its test was renamed or removed, or its file", () => {
    expect(problemsOf(boat("swims"), testsOf("boats/b.test.ts")("sails"))).toEqual([
      'Boats: "A boat floats." names a test that boats/a.test.ts does not have: "swims"',
      'Boats: "A boat floats." names a file that does not exist: boats/b.test.ts',
    ]);
  });
  it("is refused when its title names two tests", () => {
    expect(problemsOf(boat("is moored"))).toEqual([expect.stringContaining("has 2 times")]);
  });
  it("is refused when the test's table has no such row", () => {
    expect(problemsOf(boat("is %s", "green"))).toEqual([expect.stringContaining('does not have: "green"')]);
  });
  it("is refused without a test, unless it names what is missing", () => {
    expect(problemsOf()).toEqual([expect.stringContaining("names no test")]);
    expect(findTests(root, [{ title: "Boats", rows: [notYet("A boat flies.", "wings")] }])).toEqual([]);
  });
});
