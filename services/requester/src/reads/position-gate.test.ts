import { entries, entryOf, foldJob, jobViews, noStreamPosition } from "@shoal/core";
import { createSimulatedCluster, drive, type SimulatedCluster } from "@shoal/core/testing";
import {
  buckets,
  commitVersion,
  JobCompleted,
  JobQueued,
  JobSpec,
  JobSubmitted,
  type StoredEvent,
  shardCount,
  shardOf,
} from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listedJobs } from "../testing/listed-jobs.ts";
import { memoryPorts } from "../testing/memory-ports.ts";
import { createPositionGate, type PositionGateParts, positionLimits } from "./position-gate.ts";

let sim: SimulatedCluster;
let driving: { stop(): void };
const stops: (() => Promise<void>)[] = [];

beforeEach(() => {
  sim = createSimulatedCluster({ seed: "positions" });
  driving = drive(sim.clock);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  driving.stop();
});

const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });
const ref = (id: string) => ({ kind: "job", namespace: "default", id }) as const;
const submission = (id: string) =>
  JobSubmitted.of({ jobId: id, version: 1, spec, queueUntil: undefined, totalUntil: undefined });

/** Appends a commit as another requester would; no view follows unless `shown` is called. */
function append(id: string, event: StoredEvent): number {
  const aggregate = ref(id);
  const streamHead = sim.log.load(aggregate, 0).at(-1) ?? noStreamPosition;
  const commit = {
    v: commitVersion,
    id: `c-${sim.log.entries.length}`,
    at: 1,
    by: "r-2",
    actor: { type: "requester", id: "r" },
    cause: { command: "test" },
    epoch: 0,
    prev: streamHead.hash,
  } as const;
  return sim.log.append(aggregate, streamHead, { ...commit, events: [event] }).seq;
}

/** Writes a job's views as its owner does. */
function shown(id: string): void {
  const job = foldJob(sim.log.load(ref(id), 0)) ?? expect.unreachable();
  for (const view of jobViews)
    for (const { key, seq, value } of entries(view, job))
      sim.views[view.bucket.name]?.write(key, seq, entryOf(seq, value));
}

/** Saves the position of a shard's entries, as its owner does. */
function savePosition(shard: number, eventsSeq: number): void {
  const revision = sim.positions.load(buckets.jobs, shard)?.revision ?? 0;
  sim.positions.save(buckets.jobs, shard, { eventsSeq, reportsSeq: 0, revision });
}

const idsIn = (count: number, shard: number): readonly string[] => {
  const ids: string[] = [];
  for (let index = 0; ids.length < count; index++) if (shardOf(`j-${index}`) === shard) ids.push(`j-${index}`);
  return ids;
};

async function gateAt(requesterId: string) {
  const ports = memoryPorts(sim, requesterId);
  await ports.catalog.start();
  stops.push(() => ports.catalog.stop());
  const asked = { ranges: 0, loads: 0, commits: 0 };
  const log: PositionGateParts["log"] = {
    lastSeq: () => ports.log.lastSeq(),
    async range(range, deliver) {
      asked.ranges++;
      return ports.log.range(range, (stored) => {
        asked.commits++;
        deliver(stored);
      });
    },
    async load(aggregate) {
      asked.loads++;
      return ports.log.load(aggregate);
    },
  };
  const gate = createPositionGate({ ...ports, log });
  const states = async () => {
    const page = await ports.catalog.list({ order: "createTime", reverse: false, limit: 5000 });
    return Object.fromEntries(listedJobs(page).map(({ id, state }) => [id, state.stateType]));
  };
  return { ports, gate, states, asked };
}

describe("a list at a position", () => {
  it("has the commits of another requester, although no view shows them yet", async () => {
    const { gate, states } = await gateAt("r-1");
    const position = append("j-1", submission("j-1"));
    expect(await states()).toEqual({});
    await gate.reach(position);
    expect(await states()).toEqual({ "j-1": "pending" });
  });
  it("does not take a later entry of one shard for the earlier ones of another", async () => {
    const { ports, gate, states } = await gateAt("r-1");
    const [[late = ""], [early = ""]] = [idsIn(1, 3), idsIn(1, 9)];
    append(late, submission(late));
    const position = append(early, submission(early));
    shown(early);
    await ports.catalog.caughtUp();
    expect(await states()).toEqual({ [early]: "pending" });
    await gate.reach(position);
    expect(await states()).toEqual({ [early]: "pending", [late]: "pending" });
  });
  it("has the last state of a job whose entry is older", async () => {
    const { gate, states } = await gateAt("r-1");
    append("j-1", submission("j-1"));
    shown("j-1");
    const queued = append("j-1", JobQueued.of({ why: "no room", answers: [] }));
    await gate.reach(queued);
    expect(await states()).toEqual({ "j-1": "queued" });
  });
  it("is not older than an earlier one, whatever the order of positions", async () => {
    const { gate, states } = await gateAt("r-1");
    const positions = Array.from({ length: 30 }, (_, index) => append(`j-${index}`, submission(`j-${index}`)));
    await Promise.all(positions.toReversed().map((position) => gate.reach(position)));
    expect(Object.keys(await states())).toHaveLength(30);
    const laterPosition = append("j-later", submission("j-later"));
    await gate.reach(positions[0] ?? 0);
    await gate.reach(laterPosition);
    expect(Object.keys(await states())).toHaveLength(31);
  });
  it("costs nothing when the position has been reached before, and no fold where the view is up to date", async () => {
    const { ports, gate, asked } = await gateAt("r-1");
    const position = append("j-1", submission("j-1"));
    shown("j-1");
    await ports.catalog.caughtUp();
    await gate.reach(position);
    expect(asked).toEqual({ ranges: 1, loads: 0, commits: 1 });
    await gate.reach(position);
    await gate.reach(0);
    expect(asked).toEqual({ ranges: 1, loads: 0, commits: 1 });
  });
  it("does not reread commits that the owners' positions cover", async () => {
    const count = positionLimits.nearCommits * 2;
    const ids = Array.from({ length: count }, (_, index) => `j-${index}`);
    const last = new Map<number, number>();
    for (const id of ids) {
      last.set(shardOf(id), append(id, submission(id)));
      shown(id);
    }
    for (const [shard, eventsSeq] of last) savePosition(shard, eventsSeq);
    const { gate, states, asked } = await gateAt("r-1");
    const position = append("j-new", submission("j-new"));
    await gate.reach(position);
    expect(asked).toEqual({ ranges: shardCount, loads: 1, commits: 1 });
    expect((await states())["j-new"]).toBe("pending");
  });
  it("reads the commits that a dead owner had appended and not projected", async () => {
    const shard = 5;
    const [shownId = "", lost = ""] = idsIn(2, shard);
    const done = append(shownId, submission(shownId));
    shown(shownId);
    savePosition(shard, done);
    append(lost, submission(lost));
    for (let index = 0; index < positionLimits.nearCommits; index++) {
      const other = `j-other-${index}`;
      if (shardOf(other) !== shard) savePosition(shardOf(other), append(other, submission(other)));
      if (shardOf(other) !== shard) shown(other);
    }
    const { gate, states } = await gateAt("r-1");
    await gate.reach(append(lost, JobCompleted.of({})));
    expect((await states())[lost]).toBe("completed");
  });
  it("is refused for a position after the end of the log", async () => {
    const { gate } = await gateAt("r-1");
    const position = append("j-1", submission("j-1"));
    await expect(gate.reach(position + 1)).rejects.toMatchObject({ code: "POSITION_AHEAD" });
    await gate.reach(position);
  });
  it("times out, and is read by a later call", async () => {
    const { ports, gate, states } = await gateAt("r-1");
    const position = append("j-1", submission("j-1"));
    await gate.reach(1);
    const next = append("j-2", submission("j-2"));
    ports.proc.cutUntil(sim.clock.now() + positionLimits.waitMs * 2);
    await expect(gate.reach(next)).rejects.toMatchObject({
      code: expect.stringMatching(/LOG_UNREACHABLE|NOT_REACHED/),
    });
    expect(next).toBeGreaterThan(position);
    await sim.clock.advanceTo(sim.clock.now() + positionLimits.waitMs * 3);
    await gate.reach(next);
    expect(Object.keys(await states())).toContain("j-2");
  });
});
