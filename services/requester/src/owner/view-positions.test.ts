import { createSimulatedCluster, drive } from "@shoal/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryPorts } from "../testing/memory-ports.ts";
import { ViewPositions } from "./view-positions.ts";

describe("the positions of a shard, where a rebuild has begun and not finished", () => {
  const sim = createSimulatedCluster({ seed: "positions" });
  const ports = memoryPorts(sim, "r-one");
  let driving: { stop(): void };
  let lost: string[];
  let positions: ViewPositions;
  beforeEach(() => {
    driving = drive(sim.clock);
    lost = [];
    const onMissing = (bucket: string) => void lost.push(bucket);
    positions = new ViewPositions({ ports, shard: 3, buckets: ["jobs"], everyMs: 10, open: () => 0, onMissing });
    sim.positions.drop("jobs");
  });
  afterEach(() => driving.stop());

  const begun = { eventsSeq: 0, reportsSeq: 0, isRebuilding: true, revision: 0 } as const;

  it("are missing to a new owner", async () => {
    sim.positions.save("jobs", 3, begun);
    await positions.load(9);
    expect(positions.missing()).toEqual(["jobs"]);
  });
  it("are lost to the owner that is there: what it writes is not all", async () => {
    sim.positions.save("jobs", 3, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    expect(positions.missing()).toEqual([]);
    sim.positions.drop("jobs");
    sim.positions.save("jobs", 3, begun);
    await positions.verify();
    expect(lost).toEqual(["jobs"]);
  });
  it("are there for a shard that has been idle since the log was empty", async () => {
    sim.positions.save("jobs", 3, { eventsSeq: 0, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    expect(positions.missing()).toEqual([]);
  });
  it("are missing after a rebuild that another one has begun again", async () => {
    sim.positions.save("jobs", 3, begun);
    await expect(positions.rebuilt("jobs")).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
  });
  it("are there for a log that was empty at the start, also when they are verified", async () => {
    await positions.load(0);
    await expect.poll(() => sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 0 });
    await positions.verify();
    expect(lost).toEqual([]);
    positions.events.begin(6)();
    positions.moved();
    await expect.poll(() => sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 6 });
  });
  it("are written again, when nothing else moves, after a write that failed", async () => {
    sim.positions.save("jobs", 3, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    // The answer to a write was lost.
    sim.positions.save("jobs", 3, { ...(sim.positions.load("jobs", 3) ?? expect.unreachable()), eventsSeq: 6 });
    positions.events.begin(8)();
    positions.moved();
    await expect.poll(() => sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 8 });
    expect(lost).toEqual([]);
  });
  it("are not written over by an owner that saves in the same moment", async () => {
    sim.positions.save("jobs", 3, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    sim.positions.drop("jobs");
    sim.positions.save("jobs", 3, begun);
    positions.events.begin(6)();
    await positions.close().catch(() => undefined);
    expect(sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 0 });
  });
});

describe("the buckets of a shard", () => {
  const settings = {
    ports: memoryPorts(createSimulatedCluster(), "r"),
    shard: 3,
    buckets: ["jobs", "open"],
    everyMs: 10,
  };
  /** Positions at 5 in two buckets, and what is found to be lost. */
  async function loaded() {
    const sim = createSimulatedCluster();
    const lost: string[] = [];
    const onMissing = (bucket: string) => void lost.push(bucket);
    const positions = new ViewPositions({ ...settings, ports: memoryPorts(sim, "r"), open: () => 0, onMissing });
    for (const bucket of settings.buckets) sim.positions.save(bucket, 3, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
    const driving = drive(sim.clock);
    await positions.load(9);
    driving.stop();
    const verify = async () => {
      const going = positions.verify();
      await sim.clock.advance(100);
      await going;
    };
    return { sim, lost, positions, verify };
  }

  it("are missed when something is saved, once", async () => {
    const { sim, lost, positions, verify } = await loaded();
    sim.positions.drop("jobs");
    positions.events.begin(7)();
    positions.moved();
    await sim.clock.advance(1_000);
    expect(lost).toEqual(["jobs"]);
    positions.events.begin(8)();
    positions.moved();
    await sim.clock.advance(1_000);
    await verify();
    expect([lost, positions.missing()]).toEqual([["jobs"], ["jobs"]]);
    expect(sim.positions.load("open", 3)).toMatchObject({ eventsSeq: 8 });
  });

  it("are missed when nothing moves, once", async () => {
    const { sim, lost, verify } = await loaded();
    await verify();
    expect(lost).toEqual([]);
    sim.positions.drop("open");
    await verify();
    await verify();
    expect(lost).toEqual(["open"]);
  });

  it("are lost where a position is behind ours: another process has made the bucket again", async () => {
    const { sim, lost, verify } = await loaded();
    sim.positions.drop("jobs");
    sim.positions.save("jobs", 3, { eventsSeq: 4, reportsSeq: 0, revision: 0 });
    await verify();
    expect(lost).toEqual(["jobs"]);
  });

  it("are not lost on an empty log, where their position is 0", async () => {
    const sim = createSimulatedCluster();
    const lost: string[] = [];
    const onMissing = (bucket: string) => void lost.push(bucket);
    const positions = new ViewPositions({ ...settings, ports: memoryPorts(sim, "r"), open: () => 0, onMissing });
    const loading = positions.load(0);
    await sim.clock.advance(1_000);
    await loading;
    expect(sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 0 });
    const verifying = positions.verify();
    await sim.clock.advance(1_000);
    await verifying;
    expect(lost).toEqual([]);
  });

  it("that are gone once more behind a rebuild are not taken for rebuilt", async () => {
    const { sim, positions } = await loaded();
    sim.positions.drop("jobs");
    const rebuilt = positions.rebuilt("jobs").catch((failure: unknown) => failure);
    await sim.clock.advance(100);
    expect(await rebuilt).toMatchObject({ code: "REVISION_CONFLICT" });
  });
});
