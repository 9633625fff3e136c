import { z } from "zod";
import type { DemoStep } from "../step.ts";

/** The part of `shoal replay --output json` that the demo shows. */
const Replayed = z.object({
  events: z.int(),
  commits: z.int(),
  upTo: z.int(),
  readMs: z.number(),
  eventsPerSecond: z.number(),
  entries: z.record(z.string(), z.int()),
});

/** Folds the log from the first event, and compares the result with the stored views. */
export const replayLog: DemoStep = {
  title: "Replay the log from the first event: verify the chain of hashes, and compare every view",
  async run({ cluster, reporter }) {
    // The command fails when the log has a problem or an entry of a view differs.
    const json = await cluster.shoal("replay", "--data-dir", cluster.facts.dataDir, "--output", "json");
    const { events, commits, upTo, readMs, eventsPerSecond, entries } = Replayed.parse(JSON.parse(json));
    reporter.print(`read ${events} events in ${commits} commits up to position ${upTo}: ${readMs.toFixed(0)} ms`);
    const compared = Object.entries(entries).map(([bucket, count]) => `${bucket} ${count}`);
    reporter.print(`compared with the stored views: ${compared.join(", ")}`);
    reporter.figure("events replayed per second", `${Math.round(eventsPerSecond)}`);
    reporter.passed(`${events} events: the views are identical, and the chain of hashes holds`);
  },
};
