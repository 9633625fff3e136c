import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { corpusName, golden } from "./golden.ts";
import { traces } from "./traces.ts";

const stored = fileURLToPath(new URL(`../../test/golden/${corpusName}`, import.meta.url));
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shoal-golden-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const contents = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), "utf8")]));

it("the stored corpus is what this version writes", () => {
  golden(folder);
  expect(contents(stored), "npm run golden writes it").toEqual(contents(folder));
});

it.each(Object.keys(traces))("writes only %s when it is named, and nothing the second time", (scenario) => {
  const names = [`${scenario}.jsonl`, `${scenario}.txt`];
  expect(golden(folder, scenario).lines).toEqual(expect.arrayContaining(names.map((name) => `${name} written`)));
  expect(readdirSync(folder)).toEqual(names);
  const summary = expect.stringMatching(new RegExp(`^${scenario}: \\d+ messages, `));
  expect(golden(folder, scenario)).toEqual({ lines: [summary], exitCode: 0 });
});

it("leaves other scenarios alone when one is named, and removes what is no scenario when none is", () => {
  golden(folder);
  for (const name of ["job-is-stopped.txt", "job-fits-no-node.txt", "gone.jsonl"])
    writeFileSync(join(folder, name), "");
  golden(folder, "job-is-stopped");
  expect(contents(folder)).toMatchObject({ "job-is-stopped.txt": "ended stopped stopped stopping\n" });
  expect(contents(folder)).toMatchObject({ "job-fits-no-node.txt": "", "gone.jsonl": "" });
  golden(folder);
  expect(contents(folder)).toEqual(contents(stored));
});

it("a wrong name lists the scenarios, and writes nothing", () => {
  const { lines, exitCode } = golden(folder, "job-is-happy");
  expect(exitCode).toBe(2);
  expect(lines).toEqual([
    'no scenario "job-is-happy"; the scenarios are:',
    ...Object.keys(traces).map((name) => `  ${name}`),
  ]);
  expect(readdirSync(folder)).toEqual([]);
});
