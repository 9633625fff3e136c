import { entries, entryOf, foldJob, jobViews, noStreamPosition, type StoredCommit } from "@shoal/core";
import type { NatsRequesterPorts } from "@shoal/nats";
import { commitVersion, JobCompleted, JobSpec, JobStarted, JobSubmitted, type StoredEvent } from "@shoal/proto";
import { steps } from "../../services/requester/src/testing/sample-jobs.ts";
import { inWindow } from "./measure.ts";

// As for bare appends: the rate of one connection is highest here.
const window = 500;

const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });
const idOf = (index: number): string => `j-${index.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;

/** The commits that a no-op job's owner appends, from submission to end. */
const historyOf = (jobId: string): readonly (readonly StoredEvent[])[] => [
  [JobSubmitted.of({ jobId, version: 1, spec })],
  [steps.assigned(jobId), JobStarted.of({})],
  [steps.started(jobId)],
  [steps.completed(jobId), JobCompleted.of({})],
];

/** Writes finished jobs into the log and into their bucket, without the services; resolves with their ids. */
export async function putFinishedJobs({ log, views }: NatsRequesterPorts, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => idOf(index));
  await inWindow(count, window, async (index) => {
    const id = idOf(index);
    const aggregate = { kind: "job", namespace: "default", id } as const;
    const stored: StoredCommit[] = [];
    for (const [number, events] of historyOf(id).entries()) {
      const after = stored.at(-1) ?? noStreamPosition;
      const commit = { ...envelope, id: `${id} ${number}`, at: number, prev: after.hash, events };
      stored.push({ aggregate, commit, ...(await log.append(aggregate, after, commit)) });
    }
    const job = foldJob(stored);
    if (job === undefined) throw new Error(`${id} has no history`);
    const view = jobViews.find(({ bucket }) => bucket.name === "jobs");
    for (const { key, seq, value } of view === undefined ? [] : entries(view, job))
      await views.jobs.put(key, entryOf(seq, value));
  });
  return ids;
}

/** Writes bucket entries that are copies of a finished job's entry with other ids, for jobs that are not in the log. */
export async function putEntries({ views }: NatsRequesterPorts, like: string, range: readonly [number, number]) {
  const entry = JSON.stringify(await views.jobs.get(`default.${like}`));
  const [from, to] = range;
  await inWindow(to - from, window, async (index) => {
    const id = idOf(from + index);
    await views.jobs.put(`default.${id}`, JSON.parse(entry.replaceAll(like, id)));
  });
}

const envelope = {
  v: commitVersion,
  by: "bench",
  actor: { type: "requester", id: "bench" },
  cause: { command: "bench" },
  epoch: 0,
} as const;
