import { registry } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import { type Heartbeat, type NodeInfo, protocolLevel } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { noop } from "../executors/noop.ts";
import { createAvailability } from "./availability.ts";
import { createHeartbeat } from "./heartbeat.ts";

const nothing = { cpuCores: 0, memoryBytes: 0, diskBytes: 0, gpus: 0 };
const info: NodeInfo = {
  nodeId: "n-one",
  labels: {},
  engines: [],
  publishers: [],
  sources: [],
  capacity: nothing,
  available: nothing,
  perTask: nothing,
  running: 0,
  version: "",
  address: "",
};

function harness() {
  const clock = createManualClock(0);
  const sent: Heartbeat[] = [];
  let problem: string | undefined;
  let looks = 0;
  const executor = {
    ...noop({ clock }),
    unavailable: async () => {
      looks += 1;
      return problem;
    },
  };
  const availability = createAvailability({
    executors: registry("executor", [executor]),
    sources: registry("source", []),
    publishers: registry("publisher", []),
  });
  const heartbeat = createHeartbeat({
    clock,
    bidServer: { heartbeat: (one) => sent.push(one) },
    everyMs: 1_000,
    instance: { instanceId: "i-one", startedAt: 0 },
    availability,
    info: () => ({ ...info, engines: [...availability.usable("executors")] }),
  });
  return {
    clock,
    sent,
    availability,
    heartbeat,
    looks: () => looks,
    setProblem: (why: string | undefined) => {
      problem = why;
    },
  };
}

describe("a heartbeat", () => {
  it("is sent at the start, at every interval, and last with a goodbye", async () => {
    const { clock, sent, heartbeat } = harness();
    await heartbeat.start();
    await clock.advance(3_000);
    await heartbeat.stop();
    await clock.advance(3_000);
    expect(sent.map(({ at, leaving }) => [at, leaving])).toEqual([
      [0, undefined],
      [1_000, undefined],
      [2_000, undefined],
      [3_000, undefined],
      [3_000, true],
    ]);
    expect(sent.every(({ startedAt, protocol }) => startedAt === 0 && protocol === protocolLevel)).toBe(true);
  });

  it("is sent at once when resources become free, once per tick", async () => {
    const { clock, sent, heartbeat } = harness();
    await heartbeat.start();
    await clock.advance(100);
    heartbeat.soon();
    heartbeat.soon();
    await clock.settle();
    expect(sent.map(({ at }) => at)).toEqual([0, 100]);
    await clock.advance(1_000);
    expect(sent.map(({ at }) => at)).toEqual([0, 100, 1_100]);
  });

  it("is not repeated immediately, but soon", async () => {
    const { clock, sent, heartbeat } = harness();
    await heartbeat.start();
    await clock.advance(100);
    heartbeat.soon();
    await clock.settle();
    heartbeat.soon();
    await clock.settle();
    expect(sent.map(({ at }) => at)).toEqual([0, 100]);
    await clock.advance(10);
    expect(sent.map(({ at }) => at)).toEqual([0, 100, 105]);
  });

  it("is not sent before the start nor after the end", async () => {
    const { clock, sent, heartbeat } = harness();
    heartbeat.soon();
    await heartbeat.stop();
    await clock.settle();
    expect(sent).toEqual([]);
  });

  it("publishes the availability of parts, without checking them each time", async () => {
    const { clock, sent, availability, heartbeat, looks, setProblem } = harness();
    await availability.refresh();
    await heartbeat.start();
    setProblem("it is broken");
    await clock.advance(5_000);
    expect(looks()).toBe(1);
    expect(sent.at(-1)?.info.engines).toEqual(["noop"]);
    await clock.advance(10_000);
    expect(sent.at(-1)?.info.engines).toEqual([]);
    expect(availability.problem("executors", "NOOP")).toBe("it is broken");
    expect(availability.problem("executors", "docker")).toContain("noop");
  });
});
