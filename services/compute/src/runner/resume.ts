import type { JournalEntry } from "../journal/journal.ts";
import { planOf, readyWork } from "./prepare/work.ts";
import { failedReport, outgoing, thrownReport } from "./reports.ts";
import { expectedOf, type Run } from "./run.ts";
import type { RunState } from "./run-state.ts";

/** What becomes of a work that did not outlive the node's process, by the job's type: long-running ones are run again. */
const afterLoss: Readonly<Record<string, "fail" | "again">> = {
  batch: "fail",
  ops: "fail",
  service: "again",
  daemon: "again",
};

type EntryOf<P extends JournalEntry["phase"]> = Extract<JournalEntry, { phase: P }>;
type Resume = { readonly [P in JournalEntry["phase"]]: (run: Run, entry: EntryOf<P>) => Promise<RunState> };

const resumes: Resume = {
  starting: (run) => attach(run, undefined),
  running: async (run, { startedAt, report }) => {
    const seen = await attach(run, startedAt);
    if (seen.state === "running" && report !== undefined) run.ports.outbox.repeat(outgoing(run, report));
    return seen;
  },
  exited: async (run, { ended }) => {
    run.hasFolder = true;
    return { state: "exited", ended };
  },
  settled: async (_run, { report }) => ({ state: "published", report }),
};

/** What this process sees of what an earlier one wrote down. */
export function resume<P extends JournalEntry["phase"]>(run: Run, entry: EntryOf<P>): Promise<RunState> {
  run.reported = entry.report;
  run.number = Math.max(run.number, entry.report?.number ?? 0);
  const act: Resume[P] = resumes[entry.phase];
  return act(run, entry);
}

/** What this node sees of an execution that it reported on before, as the log has it, and of which it knows nothing any more. */
export function unremembered(run: Run): RunState {
  if (afterLoss[run.assignment.jobType] === "again") return { state: "idle" };
  const why = "the node has begun the task before and has lost its memory of it (its dataDir)";
  return { state: "published", report: failedReport(run, { code: "NODE_RESTARTED", why }) };
}

async function attach(run: Run, startedAt: number | undefined): Promise<RunState> {
  run.hasFolder = true;
  try {
    // Its inputs are where they were: only a start would need to be told.
    const { executor, work, capture } = await readyWork(run, planOf(run), []);
    const running = await executor.attach(work);
    if (running !== undefined)
      return { state: "running", running, startedAt: startedAt ?? run.ports.clock.now(), capture };
    capture.close();
    if (startedAt === undefined && executor.remembers === true) return { state: "idle" };
  } catch (failure) {
    return { state: "published", report: thrownReport(run, failure) };
  }
  // What is to be stopped has nothing left that could be: no failure.
  if (afterLoss[run.assignment.jobType] === "again" || expectedOf(run) !== "run") return { state: "idle" };
  const why = "the node's process ended while the task was starting or running, and nothing of it is left";
  return { state: "published", report: failedReport(run, { code: "NODE_RESTARTED", why }) };
}
