import { createSimulatedCluster, drive } from "@shoal/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryPorts } from "../../testing/memory-ports.ts";
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

  it("are missing for a new owner", async () => {
    sim.positions.save("jobs", 3, begun);
    await positions.load(9);
    expect(positions.missing()).toEqual(["jobs"]);
  });
  it("are lost for the current owner: its writes are incomplete", async () => {
    sim.positions.save("jobs", 3, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    expect(positions.missing()).toEqual([]);
    sim.positions.drop("jobs");
    sim.positions.save("jobs", 3, begun);
    await positions.verify();
    expect(lost).toEqual(["jobs"]);
  });
  it("exist for a shard that has been idle since the log was empty", async () => {
    sim.positions.save("jobs", 3, { eventsSeq: 0, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    expect(positions.missing()).toEqual([]);
  });
  it("are saved when the shard closes", async () => {
    sim.positions.save("jobs", 3, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    positions.events.begin(9)();
    await positions.close();
    expect(await sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 9 });
  });
  it("are missing after a rebuild that another process has restarted", async () => {
    sim.positions.save("jobs", 3, begun);
    await expect(positions.rebuilt("jobs")).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
  });
  it("exist for a log that was empty at the start, also when they are verified", async () => {
    await positions.load(0);
    await expect.poll(() => sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 0 });
    await positions.verify();
    expect(lost).toEqual([]);
    positions.events.begin(6)();
    positions.moved();
    await expect.poll(() => sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 6 });
  });
  it("are rewritten, when the shard is idle, after a failed write", async () => {
    sim.positions.save("jobs", 3, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    // The acknowledgement of a write was lost.
    sim.positions.save("jobs", 3, { ...(sim.positions.load("jobs", 3) ?? expect.unreachable()), eventsSeq: 6 });
    positions.events.begin(8)();
    positions.moved();
    await expect.poll(() => sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 8 });
    expect(lost).toEqual([]);
  });
  it("are not overwritten by an owner that saves concurrently", async () => {
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
  /** Positions at 5 in two buckets, and the buckets that are reported as lost. */
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
    const beforeWrite = async () => {
      const going = positions.beforeWrite("jobs");
      await sim.clock.advance(100);
      await going;
    };
    return { sim, lost, positions, verify, beforeWrite };
  }

  describe("of which an older backup is restored after a write, before the next save", () => {
    it("are lost at the save, which writes nothing", async () => {
      const { sim, lost, positions, beforeWrite } = await loaded();
      const restore = sim.positions.backUp("jobs");
      await beforeWrite();
      restore();
      positions.events.begin(7)();
      positions.moved();
      await sim.clock.advance(1_000);
      expect(lost).toEqual(["jobs"]);
      expect(sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 5 });
      expect(sim.positions.load("open", 3)).toMatchObject({ eventsSeq: 7 });
    });

    it("are lost also when the save before was recent", async () => {
      const { sim, lost, positions, beforeWrite } = await loaded();
      await beforeWrite();
      positions.events.begin(6)();
      positions.moved();
      await sim.clock.advance(1_000);
      const restore = sim.positions.backUp("jobs");
      await beforeWrite();
      restore();
      positions.events.begin(7)();
      positions.moved();
      await sim.clock.advance(1_000);
      expect(lost).toEqual(["jobs"]);
      expect(sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 6 });
    });

    it("are lost at the next write", async () => {
      const { sim, lost, positions, beforeWrite } = await loaded();
      await beforeWrite();
      const restore = sim.positions.backUp("jobs");
      positions.events.begin(6)();
      positions.moved();
      await sim.clock.advance(1_000);
      restore();
      await beforeWrite();
      expect(lost).toEqual(["jobs"]);
    });
  });

  it("get a renewed position before the first write after a save, once for concurrent writes", async () => {
    const { sim, lost, positions } = await loaded();
    const at = () => sim.positions.load("jobs", 3) ?? expect.unreachable();
    const loadedAt = at();
    const writes = [positions.beforeWrite("jobs"), positions.beforeWrite("jobs")];
    await sim.clock.advance(100);
    await Promise.all(writes);
    const renewed = at();
    // The store counts the revisions of all buckets, and no other one has written.
    const { revision } = sim.positions.load("open", 3) ?? expect.unreachable();
    expect(renewed).toEqual({ ...loadedAt, revision: Math.max(revision, loadedAt.revision) + 1 });
    expect(positions.beforeWrite("jobs")).toBeUndefined();
    expect(positions.beforeWrite("assignments")).toBeUndefined();
    expect(lost).toEqual([]);
  });

  it("refuse a write whose renewal is not confirmed, and renew again before the next attempt", async () => {
    const { sim, positions } = await loaded();
    // Another requester has written meanwhile.
    sim.positions.save("jobs", 3, { ...(sim.positions.load("jobs", 3) ?? expect.unreachable()), eventsSeq: 6 });
    const refused = positions.beforeWrite("jobs")?.catch((failure: unknown) => failure);
    await sim.clock.advance(100);
    expect(await refused).toMatchObject({ code: "REVISION_CONFLICT" });
    const second = positions.beforeWrite("jobs");
    await sim.clock.advance(100);
    await second;
    expect(sim.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 6 });
    expect(positions.beforeWrite("jobs")).toBeUndefined();
  });

  it("are followed after the lowest of their positions", async () => {
    const sim = createSimulatedCluster();
    const ports = memoryPorts(sim, "r");
    const positions = new ViewPositions({ ...settings, ports, open: () => 0, onMissing: () => undefined });
    for (const [bucket, eventsSeq] of [
      ["jobs", 5],
      ["open", 3],
    ] as const)
      sim.positions.save(bucket, 3, { eventsSeq, reportsSeq: bucket === "open" ? 2 : 0, revision: 0 });
    const driving = drive(sim.clock);
    expect(await positions.load(9)).toEqual({ eventsSeq: 3, reportsSeq: 2 });
    driving.stop();
  });

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

  it("are missed when the shard is idle, once", async () => {
    const { sim, lost, verify } = await loaded();
    await verify();
    expect(lost).toEqual([]);
    sim.positions.drop("open");
    await verify();
    await verify();
    expect(lost).toEqual(["open"]);
  });

  it("are lost when a position is lower than the owner's: another process has recreated the bucket", async () => {
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

  it("that are deleted after a rebuild do not count as rebuilt", async () => {
    const { sim, positions } = await loaded();
    sim.positions.drop("jobs");
    const rebuilt = positions.rebuilt("jobs").catch((failure: unknown) => failure);
    await sim.clock.advance(100);
    expect(await rebuilt).toMatchObject({ code: "REVISION_CONFLICT" });
  });
});
