import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { reportFailure } from "./report-failure.ts";
import { simulate } from "./simulate.ts";

const root = mkdtempSync(join(tmpdir(), "shoal-sim-"));
afterAll(() => rmSync(root, { recursive: true }));

it("a failing seed writes its whole transcript into a file, and names the file", async () => {
  const outcome = await simulate(2);
  const printed = reportFailure({ ...outcome, problems: ["a job never ended"] }, join(root, "sim"));
  const file = /^transcript: (.+)$/m.exec(printed)?.[1] ?? expect.unreachable(printed);
  expect(printed).toContain("a job never ended");
  expect(printed).toContain("SEED=2 ");
  const text = readFileSync(file, "utf8");
  expect(text).toContain("a job never ended");
  // More than a screen: no line is cut.
  const commits = text.split("\n").filter((line) => / LOG \d+ /.test(line));
  expect(commits).toHaveLength(outcome.facts.commits);
});
