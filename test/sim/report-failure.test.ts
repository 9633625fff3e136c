import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredCommit } from "@shoal/core";
import type { SimulatedCluster } from "@shoal/core/testing";
import { afterAll, expect, it } from "vitest";
import { reportFailure } from "./report-failure.ts";
import { simulate } from "./simulate.ts";

const root = mkdtempSync(join(tmpdir(), "shoal-sim-"));
afterAll(() => rmSync(root, { recursive: true }));

// More lines than a screen has.
const commitsBefore = 100;

/** Stores a commit of a job twice, as a server without expected sequences would. */
function breakChain(sim: SimulatedCluster): void {
  const onAppended = ({ aggregate, commit }: StoredCommit): void => {
    if (aggregate.kind !== "job" || sim.log.entries.length < commitsBefore) return;
    sim.log.onAppended.delete(onAppended);
    sim.clock.at(sim.clock.now(), () => void sim.log.put(aggregate, JSON.stringify({ ...commit, id: "c-again" })));
  };
  sim.log.onAppended.add(onAppended);
}

it("a seed with a broken invariant writes its whole transcript into a file, and names the file and the seed", async () => {
  const outcome = await simulate(2, breakChain);
  const broken = expect.stringMatching(/^the chain of shoal\.evt\.\d+\.job\.\S+ is broken at \d+$/);
  expect(outcome.problems).toEqual(expect.arrayContaining([broken]));
  const printed = reportFailure(outcome, join(root, "sim"));
  const file = /^transcript: (.+)$/m.exec(printed)?.[1] ?? expect.unreachable(printed);
  expect(printed).toContain("SEED=2 ");
  const lines = readFileSync(file, "utf8").split("\n");
  for (const problem of outcome.problems) {
    expect(printed).toContain(problem);
    expect(lines).toContain(problem);
  }
  // No line is cut.
  expect(outcome.facts.commits).toBeGreaterThan(commitsBefore);
  expect(lines.filter((line) => / LOG \d+ /.test(line))).toHaveLength(outcome.facts.commits);
});
