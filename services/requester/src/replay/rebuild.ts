import {
  type ClusterNode,
  causeOf,
  evolveJob,
  foldCommit,
  foldNode,
  type Job,
  type JobEvent,
  jobKind,
  type StoredCommit,
} from "@shoal/core";
import { subjectOf } from "@shoal/proto";
import type { ChainProblem } from "./report.ts";
import type { WantedEntries } from "./wanted-entries.ts";

/** An aggregate that may still change. */
interface Open {
  readonly hash: string;
  readonly job?: Job | undefined;
  readonly node?: ClusterNode | undefined;
}

/**
 * A second set of views, made from nothing but the log: folds and verifies commits in log order. Of a job that has ended only its
 * entries' digests stay, so memory follows what is open.
 */
export class Rebuilt {
  readonly counts = { commits: 0, events: 0, jobs: 0, nodes: 0 };
  readonly #wanted: WantedEntries;
  readonly #problem: (problem: ChainProblem) => void;
  readonly #open = new Map<string, Open>();
  readonly #broken = new Set<string>();

  constructor(wanted: WantedEntries, problem: (problem: ChainProblem) => void) {
    this.#wanted = wanted;
    this.#problem = problem;
  }

  /** Takes the next commit of the log, and the subject on which it stands. */
  take(subject: string, stored: StoredCommit): void {
    const before = this.#open.get(subject);
    this.counts.commits += 1;
    this.counts.events += stored.commit.events.length;
    // What is open is neither broken nor over.
    if (before === undefined && this.#broken.has(subject)) return;
    const misplaced = before === undefined ? misplacedIn(subject, stored, this.#wanted) : undefined;
    if (before === undefined && misplaced === undefined)
      this.counts[stored.aggregate.kind === "job" ? "jobs" : "nodes"] += 1;
    const why = misplaced ?? breakIn(stored, before) ?? this.#unfolded(subject, stored, before);
    if (why === undefined) return;
    this.#problem({ seq: stored.seq, aggregate: stored.aggregate.id, why });
    // One break says it all; what comes behind it would only repeat it.
    this.#broken.add(subject);
    this.#open.delete(subject);
  }

  /** Renders what is still open. Call it once, at the end. */
  finish(): void {
    for (const { job, node } of this.#open.values()) {
      if (job !== undefined) this.#wanted.job(job);
      if (node !== undefined) this.#wanted.node(node);
    }
    this.#open.clear();
  }

  /** Folds a commit in; the answer says why that cannot be, if it cannot. */
  #unfolded(subject: string, stored: StoredCommit, before: Open | undefined): string | undefined {
    try {
      if (stored.aggregate.kind === "job") {
        const job = foldCommit<Job, JobEvent>(evolveJob, before?.job, stored);
        if (job !== undefined && jobKind.isSettled(job)) this.#close(subject, job);
        else this.#open.set(subject, { hash: stored.hash, job });
      } else this.#open.set(subject, { hash: stored.hash, node: foldNode([stored], before?.node) });
      return undefined;
    } catch (failure) {
      return causeOf(failure).why;
    }
  }

  /** Nothing may build on the end of a job, so that its last commit's digest is not even made. */
  #close(subject: string, job: Job): void {
    this.#wanted.job(job);
    this.#open.delete(subject);
  }
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
