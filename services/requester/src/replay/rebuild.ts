import {
  type ClusterNode,
  causeOf,
  evolveJob,
  foldCommit,
  foldNode,
  isOver,
  type Job,
  type JobEvent,
  type StoredCommit,
} from "@shoal/core";
import { subjectOf } from "@shoal/proto";
import type { ChainProblem } from "./report.ts";
import type { WantedEntries } from "./wanted-entries.ts";

/** A second set of views, made from nothing but the log. */
export interface Rebuilt {
  /** Takes the next commit of the log, and the subject on which it stands. */
  take(subject: string, stored: StoredCommit): void;
  /** Renders what is still open. Call it once, at the end. */
  finish(): void;
  readonly counts: { readonly commits: number; readonly events: number; readonly jobs: number; readonly nodes: number };
}

/** An aggregate that may still change. */
interface Open {
  readonly hash: string;
  readonly job?: Job | undefined;
  readonly node?: ClusterNode | undefined;
}

const countOf = { job: "jobs", node: "nodes" } as const;

/** Folds and verifies commits in log order. Of a job that has ended only its entries' digests stay, so memory follows what is open. */
export function createRebuilt(wanted: WantedEntries, problem: (problem: ChainProblem) => void): Rebuilt {
  const open = new Map<string, Open>();
  const broken = new Set<string>();
  const counts = { commits: 0, events: 0, jobs: 0, nodes: 0 };
  function keep(subject: string, next: Open): void {
    if (next.job !== undefined && isOver(next.job)) {
      wanted.job(next.job);
      open.delete(subject);
    } else open.set(subject, next);
  }

  return {
    counts,
    take(subject, stored) {
      const before = open.get(subject);
      counts.commits += 1;
      counts.events += stored.commit.events.length;
      // What is open is neither broken nor over.
      if (before === undefined && broken.has(subject)) return;
      const misplaced = before === undefined ? misplacedIn(subject, stored, wanted) : undefined;
      if (before === undefined && misplaced === undefined) counts[countOf[stored.aggregate.kind]] += 1;
      const why = misplaced ?? breakIn(stored, before) ?? unfolded(stored, before, (next) => keep(subject, next));
      if (why === undefined) return;
      problem({ seq: stored.seq, aggregate: stored.aggregate.id, why });
      // One break says it all; what comes behind it would only repeat it.
      broken.add(subject);
      open.delete(subject);
    },
    finish() {
      for (const { job, node } of open.values()) {
        if (job !== undefined) wanted.job(job);
        if (node !== undefined) wanted.node(node);
      }
      open.clear();
    },
  };
}

/** Why a commit cannot be the first of its subject, whatever it says; undefined when it can. */
function misplacedIn(
  subject: string,
  { aggregate }: StoredCommit,
  wanted: Pick<WantedEntries, "hasJob">,
): string | undefined {
  if (subjectOf(aggregate) !== subject) return `it stands on ${subject}: that is not the shard of ${aggregate.id}`;
  const over = aggregate.kind === "job" && wanted.hasJob(aggregate.namespace, aggregate.id);
  return over ? "it stands behind the job's end" : undefined;
}

/** Why a commit does not build on the one before it; undefined when it does. */
function breakIn({ commit }: StoredCommit, before: Open | undefined): string | undefined {
  if (before === undefined) return commit.prev === "" ? undefined : "the commits before it are missing";
  if (commit.prev === before.hash) return undefined;
  const builds = commit.prev === "" ? "nothing" : commit.prev.slice(0, 16);
  return `it builds on ${builds}, but the commit before it is ${before.hash.slice(0, 16)}: one was changed or is missing`;
}

/** Folds a commit in; the answer says why that cannot be, if it cannot. */
function unfolded(stored: StoredCommit, before: Open | undefined, keep: (next: Open) => void): string | undefined {
  const { aggregate, hash } = stored;
  try {
    const next =
      aggregate.kind === "job"
        ? { hash, job: foldCommit<Job, JobEvent>(evolveJob, before?.job, stored) }
        : { hash, node: foldNode([stored], before?.node) };
    keep(next);
    return undefined;
  } catch (failure) {
    return causeOf(failure).why;
  }
}
