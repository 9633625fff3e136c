import type { EventLog, StoredCommit } from "@shoal/core";
import { subjectOf } from "@shoal/proto";
import { createJobLedger, type JobLedger } from "./job-ledger.ts";

/** The state of the whole log, and its violations. */
export interface Trace {
  readonly jobs: ReadonlyMap<string, JobLedger>;
  /** Violated rules, one sentence each. */
  readonly broken: readonly string[];
  readonly commits: number;
  take(stored: StoredCommit): void;
}

/** An empty trace; it takes commits in log order. */
export function createTrace(): Trace {
  const jobs = new Map<string, JobLedger>();
  const streamHeads = new Map<string, string>();
  const commitIds = new Set<string>();
  const broken: string[] = [];
  let lastSeq = 0;

  function envelope({ aggregate, seq, hash, commit }: StoredCommit): void {
    const subject = subjectOf(aggregate);
    if (seq <= lastSeq) broken.push(`position ${seq} came after ${lastSeq}`);
    if (commit.prev !== (streamHeads.get(subject) ?? "")) broken.push(`the chain of ${subject} is broken at ${seq}`);
    if (commitIds.has(commit.id)) broken.push(`the commit ${commit.id} is repeated at ${seq}`);
    lastSeq = seq;
    streamHeads.set(subject, hash);
    commitIds.add(commit.id);
  }

  return {
    jobs,
    broken,
    get commits() {
      return commitIds.size;
    },
    take(stored) {
      envelope(stored);
      const { kind, id } = stored.aggregate;
      if (kind !== "job") return;
      const job = jobs.get(id) ?? createJobLedger(id);
      jobs.set(id, job);
      for (const event of stored.commit.events) broken.push(...job.take(event, stored.seq));
    },
  };
}

/** The trace of the whole log. */
export async function readTrace(log: EventLog): Promise<Trace> {
  const trace = createTrace();
  await log.scan(0, trace.take);
  return trace;
}

/** The responses to clients. */
export interface Acknowledgements {
  /** Jobs whose submission was acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Jobs whose stop was acknowledged. */
  readonly stopped: ReadonlySet<string>;
}

/** Acknowledgements that the log contradicts, once the cluster is quiescent. */
export function brokenPromises(
  { jobs, broken }: Trace,
  { acknowledged, stopped }: Acknowledgements,
): readonly string[] {
  const found = [...broken];
  for (const id of acknowledged) if (!jobs.has(id)) found.push(`job ${id} was acknowledged and is not in the log`);
  for (const [id, job] of jobs) {
    if (!acknowledged.has(id))
      found.push(`job ${id} is in the log and was not acknowledged: a repeated call created it twice`);
    const live = job.live().join(", ");
    if (job.end() === undefined) found.push(`job ${id} has not ended; live: ${live || "nothing"}`);
    else if (live !== "") found.push(`job ${id} is not settled; live: ${live}`);
  }
  for (const id of stopped) {
    const end = jobs.get(id)?.end();
    if (end !== "stopped") found.push(`job ${id} was stopped for a client and is ${end}`);
  }
  return found;
}
