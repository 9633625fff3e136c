import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planOf } from "./plan.ts";
import type { Outcome } from "./simulate.ts";

// More lines would fill the screen; the file has all of them.
const problemsShown = 20;

/** Writes the plan and the transcript of a failing seed to `seed-<n>.txt` in the folder, and returns what the test prints. */
export function reportFailure({ seed, problems, trace, facts }: Outcome, folder: string): string {
  const { jobs: _, ...plan } = planOf(seed);
  const readable = { ...plan, nodes: [...plan.nodes], doomed: [...plan.doomed] };
  const file = join(folder, `seed-${seed}.txt`);
  const lines = [`seed ${seed}: ${JSON.stringify(facts)}`, JSON.stringify(readable), "", ...trace, "", ...problems, ""];
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, lines.join("\n"));
  return [
    JSON.stringify(facts),
    ...problems.slice(0, problemsShown),
    `transcript: ${file}`,
    `reproduce: SEED=${seed} npm test -- test/sim/sim.test.ts`,
  ].join("\n");
}
