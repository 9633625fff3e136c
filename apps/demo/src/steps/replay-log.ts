import { knownCluster, replayOf, reportLines } from "@shoal/cli/parts";
import { check, type DemoStep } from "../step.ts";

/** Folds the log from the first event, and compares the result with the stored views. */
export const replayLog: DemoStep = {
  title: "Replay the log from the first event: verify the chain of hashes, and compare every view",
  async run({ cluster, reporter }) {
    const report = await replayOf(knownCluster(cluster.facts.dataDir));
    for (const line of reportLines(report)) reporter.say(line);
    const { problems, mismatches, events, eventsPerSecond } = report;
    check(report.ok, `${problems.count} problems in the log, ${mismatches.count} entries that differ`);
    reporter.figure("events replayed per second", `${Math.round(eventsPerSecond)}`);
    reporter.passed(`${events} events: the views are identical, and the chain of hashes holds`);
  },
};
