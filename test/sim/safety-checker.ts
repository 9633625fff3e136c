import {
  type ClusterNode,
  eventsOf,
  executionsOf,
  foldJob,
  foldNode,
  isLive,
  type Job,
  jobKind,
  type StoredCommit,
} from "@shoal/core";
import { releases } from "@shoal/core/testing";
import { standingTypes, subjectOf } from "@shoal/proto";

// With the events of the next release.
const events = eventsOf(releases.next.kinds);

/** Checks every stored commit against the safety rules. It reads only the log. */
export interface SafetyChecker {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  /** When the end of an execution was stored, by the true clock; undefined while it is live. */
  endedAt(executionId: string): number | undefined;
  /** The execution is of a job that runs until it is stopped. */
  isStanding(executionId: string): boolean;
  /** Jobs that have not ended. */
  open(): number;
  see(stored: StoredCommit): void;
}

export function createSafetyChecker(problem: (what: string) => void, now: () => number): SafetyChecker {
  const jobs = new Map<string, Job>();
  const nodes = new Map<string, ClusterNode>();
  const hashes = new Map<string, string>();
  const ids = new Set<string>();
  const ended = new Map<string, number>();
  const standing = new Set<string>();
  let open = 0;
  let lastSeq = 0;

  function seeEnvelope(stored: StoredCommit): void {
    const { aggregate, seq, hash, commit } = stored;
    const subject = subjectOf(aggregate);
    if (seq <= lastSeq) problem(`position ${seq} came after ${lastSeq}`);
    if (commit.prev !== (hashes.get(subject) ?? "")) problem(`the chain of ${subject} is broken at ${seq}`);
    if (ids.has(commit.id)) problem(`the commit id ${commit.id} was used twice`);
    for (const { type, data } of commit.events) {
      if (events.get(type)?.data.safeParse(data).success !== true) problem(`${type} at ${seq} does not fit its schema`);
    }
    lastSeq = seq;
    hashes.set(subject, hash);
    ids.add(commit.id);
  }

  function seeJob(stored: StoredCommit): void {
    const { id } = stored.aggregate;
    const before = jobs.get(id);
    const [first] = stored.commit.events;
    if (before !== undefined && jobKind.isSettled(before) && first?.type !== "JobUpdated")
      problem(`${id} was ${before.header.state} and changed at ${stored.seq}`);
    const after = foldJob([stored], before);
    if (after === undefined) return;
    jobs.set(id, after);
    const executions = executionsOf(after);
    for (const execution of executions) {
      const { executionId } = execution.placement;
      if (standingTypes.includes(after.header.spec.type)) standing.add(executionId);
      if (!isLive(execution) && !ended.has(executionId)) ended.set(executionId, now());
    }
    open += (jobKind.isSettled(after) ? 0 : 1) - (before === undefined || jobKind.isSettled(before) ? 0 : 1);
    for (const [slot, tries] of Map.groupBy(executions, ({ placement }) => placement.slot)) {
      if (tries.filter(isLive).length > 1) problem(`slot ${slot} of ${id} runs twice at ${stored.seq}`);
      if (standingTypes.includes(after.header.spec.type)) continue;
      const done = tries.filter(({ state }) => state === "completed").map(({ placement }) => placement.version);
      if (new Set(done).size < done.length) problem(`slot ${slot} of ${id} was completed twice at ${stored.seq}`);
    }
    for (const [executionId, { placement }] of after.live) {
      if (before?.live.has(executionId) === true || placement.version === after.header.version) continue;
      // A failing version may be rolled back by the commit that places it.
      if (before !== undefined && placement.version !== before.header.version)
        problem(`${executionId} of ${id} was placed for version ${placement.version} at ${stored.seq}`);
    }
  }

  return {
    jobs,
    nodes,
    endedAt: (executionId) => ended.get(executionId),
    isStanding: (executionId) => standing.has(executionId),
    open: () => open,
    see(stored) {
      seeEnvelope(stored);
      try {
        if (stored.aggregate.kind === "job") return seeJob(stored);
        if (stored.aggregate.kind !== "node") return;
        const node = foldNode([stored], nodes.get(stored.aggregate.id));
        if (node !== undefined) nodes.set(stored.aggregate.id, node);
      } catch (failure) {
        problem(`the log is corrupted: ${String(failure)}`);
      }
    },
  };
}
