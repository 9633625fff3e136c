import {
  entries,
  entryOf,
  executionEntities,
  foldJob,
  jobEntity,
  jobViews,
  noStreamPosition,
  type ViewEntry,
} from "@shoal/core";
import { createSimulatedCluster, drive, type SimulatedCluster } from "@shoal/core/testing";
import {
  commitVersion,
  JobCompleted,
  JobQueued,
  JobSpec,
  JobStarted,
  JobSubmitted,
  type StoredEvent,
  subjectOf,
} from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryPorts } from "../testing/memory-ports.ts";
import { jobIdOf, jobRef, steps } from "../testing/sample-jobs.ts";
import { createPositionGate } from "./position-gate.ts";
import { type JobViewParts, viewJob } from "./view-job.ts";

const id = jobIdOf(1);
const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });

let sim: SimulatedCluster;
let driving: { stop(): void };
const stops: (() => Promise<void>)[] = [];

beforeEach(() => {
  sim = createSimulatedCluster({ seed: "views" });
  driving = drive(sim.clock);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  driving.stop();
});

/** Appends one commit as the job's owner does; no view follows unless `show` is called. */
function append(...events: readonly StoredEvent[]): number {
  const stored = sim.log.load(jobRef(id), 0);
  const streamHead = stored.at(-1) ?? noStreamPosition;
  const commit = {
    v: commitVersion,
    id: `c-${stored.length} ${subjectOf(jobRef(id))}`,
    at: stored.length,
    by: "r-owner",
    actor: { type: "requester", id: "r-owner" },
    cause: { command: "test" },
    epoch: 0,
    prev: streamHead.hash,
    events,
  } as const;
  return sim.log.append(jobRef(id), streamHead, commit).seq;
}

const jobNow = () => foldJob(sim.log.load(jobRef(id), 0)) ?? expect.unreachable();

/** Writes the job's entry as its owner does, perhaps changed. */
function show(change: (entry: ViewEntry) => ViewEntry = (entry) => entry): void {
  for (const view of jobViews.filter(({ bucket }) => bucket.name === "jobs"))
    for (const { key, seq, value } of entries(view, jobNow()))
      sim.views.jobs.write(key, seq, change(entryOf(seq, value)));
}

const history: readonly (readonly StoredEvent[])[] = [
  [JobSubmitted.of({ jobId: id, version: 1, spec })],
  [JobQueued.of({ why: "no room", answers: [] })],
  [steps.assigned(id), JobStarted.of({})],
  [steps.started(id)],
  [steps.completed(id), JobCompleted.of({})],
];

async function reader(requesterId: string) {
  const ports = memoryPorts(sim, requesterId);
  await ports.catalog.start();
  stops.push(() => ports.catalog.stop());
  const asked = { loads: 0 };
  const load: typeof ports.log.load = (...given) => {
    asked.loads += 1;
    return ports.log.load(...given);
  };
  const parts: JobViewParts = { ...ports, log: { ...ports.log, load }, positions: createPositionGate(ports) };
  const read = (withExecutions = false, more: Partial<JobViewParts> = {}) =>
    viewJob({ ...parts, ...more }, id, { withExecutions });
  return { ports, read, asked };
}

describe("a read of one job", () => {
  it("serves the view's entry when it is at the job's last position, and reads no history", async () => {
    for (const events of history) append(...events);
    show();
    const { read, asked } = await reader("r-1");
    const job = jobNow();
    expect(await read()).toEqual({ entity: jobEntity(job), executions: [], seq: job.seq });
    expect(await read(true)).toEqual({ entity: jobEntity(job), executions: executionEntities(job), seq: job.seq });
    expect(asked.loads).toBe(0);
  });
  it.each([false, true])("folds the log where the view is behind, with executions: %s", async (withExecutions) => {
    append(...(history[0] ?? []));
    show();
    const { ports, read, asked } = await reader("r-1");
    for (const events of history.slice(1)) append(...events);
    const job = jobNow();
    expect(await read(withExecutions)).toMatchObject({ entity: jobEntity(job), seq: job.seq });
    expect(asked.loads).toBe(1);
    expect(ports.catalog.find(id)?.seq).toBe(job.seq);
  });
  it("folds the log where the entry leaves the executions out, or is invalid", async () => {
    for (const events of history) append(...events);
    for (const change of [
      ({ executions, ...entry }: ViewEntry) => entry,
      (entry: ViewEntry) => ({ ...entry, executions: "many" }),
    ]) {
      show(change);
      const { read, asked } = await reader("r-1");
      expect(await read(true)).toMatchObject({ executions: executionEntities(jobNow()) });
      expect(asked.loads).toBe(1);
    }
  });
  it("adds an entry to the index that it does not have yet", async () => {
    append(...(history[0] ?? []));
    show();
    const { ports, read, asked } = await reader("r-1");
    for (const events of history.slice(1)) append(...events);
    const job = jobNow();
    const entry = { seq: job.seq, job: jobEntity(job), executions: executionEntities(job) };
    expect(await read(true, { views: { jobs: { get: async () => entry } } })).toMatchObject({ seq: job.seq });
    expect(asked.loads).toBe(0);
    expect(ports.catalog.find(id)?.seq).toBe(job.seq);
    expect(ports.catalog.find(id)?.entity()).toEqual(jobEntity(job));
  });
  it("does not wait for a bucket that gives no answer", async () => {
    for (const events of history) append(...events);
    show();
    const { read, asked } = await reader("r-1");
    const views = { jobs: { get: () => new Promise<never>(() => undefined) } };
    expect(await read(true, { views })).toMatchObject({ executions: executionEntities(jobNow()) });
    expect(asked.loads).toBe(1);
  });
  it("finds nothing where the log has nothing, whatever a view contains", async () => {
    for (const events of history) append(...events);
    show();
    const { read } = await reader("r-1");
    await expect(read(false, { log: { ...sim.requester("r-2").log, lastSeqOf: async () => 0 } })).rejects.toMatchObject(
      { code: "JOB_NOT_FOUND" },
    );
  });
  it("never goes backwards at two requesters, while the job and its views advance in any order", async () => {
    for (let round = 0; round < 40; round++) {
      sim = createSimulatedCluster({ seed: `views ${round}` });
      const own = drive(sim.clock);
      const readers = [await reader("r-1"), await reader("r-2")] as const;
      append(...(history[0] ?? []));
      let last = 0;
      let waiting = history.slice(1);
      const goOn = (): void => {
        const next = sim.prng.happens(0.5) ? undefined : waiting[0];
        if (next === undefined) show();
        else append(...next);
        if (next !== undefined) waiting = waiting.slice(1);
      };
      while (waiting.length > 0 || last < jobNow().seq) {
        const before = jobNow().seq;
        const reading = sim.prng.pick(readers).read(sim.prng.happens(0.5));
        // Some of the steps happen during the read.
        for (let steps = sim.prng.between(0, 2); steps > 0 && waiting.length > 0; steps--) {
          if (sim.prng.happens(0.5)) await Promise.resolve();
          goOn();
        }
        const { seq, entity } = await reading;
        expect(seq).toBeGreaterThanOrEqual(Math.max(last, before));
        const then = sim.log.load(jobRef(id), 0).filter((stored) => stored.seq <= seq);
        expect(entity).toEqual(jobEntity(foldJob(then) ?? expect.unreachable()));
        last = seq;
      }
      for (const stop of stops.splice(0)) await stop();
      own.stop();
    }
  });
});
