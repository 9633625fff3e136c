import { createSea, drive } from "@shoal/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryPorts } from "../testing/memory-ports.ts";
import { ViewPositions } from "./view-positions.ts";

describe("the positions of a shard, where a rebuild has begun and not finished", () => {
  const sea = createSea({ seed: "positions" });
  const ports = memoryPorts(sea, "r-one");
  let driving: { stop(): void };
  let lost: string[];
  let positions: ViewPositions;
  beforeEach(() => {
    driving = drive(sea.clock);
    lost = [];
    const onMissing = (bucket: string) => void lost.push(bucket);
    positions = new ViewPositions({ ports, shard: 3, buckets: ["jobs"], everyMs: 10, onMissing });
    sea.positions.drop("jobs");
  });
  afterEach(() => driving.stop());

  it("are missing to a new owner", async () => {
    sea.positions.save("jobs", 3, { eventsSeq: 0, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    expect(positions.missing()).toEqual(["jobs"]);
  });
  it("are lost to the owner that is there: what it writes is not all", async () => {
    sea.positions.save("jobs", 3, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    expect(positions.missing()).toEqual([]);
    sea.positions.drop("jobs");
    sea.positions.save("jobs", 3, { eventsSeq: 0, reportsSeq: 0, revision: 0 });
    await positions.verify();
    expect(lost).toEqual(["jobs"]);
  });
  it("are not written over by an owner that saves in the same moment", async () => {
    sea.positions.save("jobs", 3, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
    await positions.load(9);
    sea.positions.drop("jobs");
    sea.positions.save("jobs", 3, { eventsSeq: 0, reportsSeq: 0, revision: 0 });
    positions.events.begin(6)();
    await positions.close().catch(() => undefined);
    expect(sea.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 0 });
  });
});
