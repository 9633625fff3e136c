import { replayOf } from "../../replay/replay-of.ts";
import { check, type Step } from "../step.ts";

/** The log is replayed from the first event into new views, which must be the same as those that the cluster keeps. */
export const replayLog: Step = {
  title: "Replay the log from empty into a second set of views, and verify the chain of hashes",
  async run({ cluster, narrator }) {
    const report = await replayOf({ dataDir: cluster.facts.dataDir });
    for (const line of report.lines) narrator.say(line);
    check(report.same, "the replayed views differ from those of the cluster");
    narrator.figure("events replayed per second", report.eventsPerSecond.toFixed(0));
    narrator.proved(`${report.events} events: the views are identical, the chain of hashes holds`);
  },
};
