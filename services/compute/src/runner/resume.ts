import type { JournalEntry } from "../journal/journal.ts";
import { planOf, readyWorkload } from "./prepare/workload.ts";
import { failedReport, outgoing, thrownReport } from "./reports.ts";
import { desiredOf, keepImage, type Run } from "./run.ts";
import type { RunState } from "./run-state.ts";

/** What happens, by job type, to a workload that did not survive the node's process: long-running jobs run again. */
const afterLoss: Readonly<Record<string, "fail" | "again">> = {
  batch: "fail",
  ops: "fail",
  service: "again",
  daemon: "again",
};

type EntryOf<P extends JournalEntry["phase"]> = Extract<JournalEntry, { phase: P }>;
type Resume = { readonly [P in JournalEntry["phase"]]: (run: Run, entry: EntryOf<P>) => Promise<RunState> };

const resumes: Resume = {
  preparing: async () => ({ state: "idle" }),
  starting: (run) => attach(run, undefined),
  running: async (run, { startedAt, report }) => {
    const observed = await attach(run, startedAt);
    if (observed.state === "running" && report !== undefined) run.ports.outbox.repeat(outgoing(run, report));
    return observed;
  },
  exited: async (run, { ended }) => {
    run.hasFolder = true;
    return { state: "exited", ended };
  },
  settled: async (_run, { report }) => ({ state: "published", report }),
};

/** The state of a run according to the journal of an earlier process. */
export function resume<P extends JournalEntry["phase"]>(run: Run, entry: EntryOf<P>): Promise<RunState> {
  run.reported = entry.report;
  run.runtime = entry.runtime;
  run.generation = entry.generation ?? 0;
  run.number = Math.max(run.number, entry.report?.number ?? 0);
  const act: Resume[P] = resumes[entry.phase];
  return act(run, entry);
}

/**
 * The state of an execution that this node reported on before, according to the log, and whose journal entry is lost.
 */
export function unremembered(run: Run): RunState {
  if (afterLoss[run.assignment.jobType] === "again") return { state: "idle" };
  const why = "the node began the task before and has lost its journal (its dataDir)";
  return { state: "published", report: failedReport(run, { code: "NODE_RESTARTED", why }) };
}

async function attach(run: Run, startedAt: number | undefined): Promise<RunState> {
  run.hasFolder = true;
  try {
    // Its inputs are still on the disk: only a start would need their paths.
    const { executor, workload, capture } = await readyWorkload(run, planOf(run), []);
    const running = await executor.attach(workload);
    if (running !== undefined) {
      keepImage(run, running);
      return { state: "running", running, startedAt: startedAt ?? run.ports.clock.now(), capture };
    }
    capture.close();
    if (startedAt === undefined && executor.remembers === true) return { state: "idle" };
  } catch (failure) {
    return { state: "published", report: thrownReport(run, failure) };
  }
  // An execution that is to be stopped and is already gone is not a failure.
  if (afterLoss[run.assignment.jobType] === "again" || desiredOf(run) !== "run") return { state: "idle" };
  const why = "the node's process ended while the task was starting or running, and the task did not survive";
  return { state: "published", report: failedReport(run, { code: "NODE_RESTARTED", why }) };
}
