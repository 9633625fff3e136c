import { knownCluster } from "../../devstack/known-cluster.ts";
import { replayOf } from "../../replay/replay-of.ts";
import { reportLines } from "../../replay/report-lines.ts";
import { check, type Step } from "../step.ts";

/** The log is replayed from the first event into new views, which must be the same as those that the cluster keeps. */
export const replayLog: Step = {
  title: "Replay the log from empty into a second set of views, and verify the chain of hashes",
  async run({ cluster, narrator }) {
    const report = await replayOf(knownCluster(cluster.facts.dataDir));
    for (const line of reportLines(report)) narrator.say(line);
    const { problems, differences, events, eventsPerSecond } = report;
    check(report.ok, `${problems.count} problems in the log, ${differences.count} entries that differ`);
    narrator.figure("events replayed per second", `${Math.round(eventsPerSecond)}`);
    narrator.proved(`${events} events: the views are identical, and the chain of hashes holds`);
  },
};
