import { createManualClock } from "@shoal/core/testing";
import type { LogHealth } from "@shoal/nats";
import type { Heartbeat } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { createRequesterHealth } from "./requester-health.ts";

const nothing = { cpuCores: 0, memoryBytes: 0, diskBytes: 0, gpus: 0 };
const info = { labels: {}, engines: [], publishers: [], sources: [], running: 0, version: "", address: "" };
const sizes = { capacity: nothing, available: nothing, perTask: nothing };
const beat = (nodeId: string, at: number): Heartbeat => ({
  info: { nodeId, ...info, ...sizes },
  startedAt: 0,
  at,
  protocol: 1,
});

function harness() {
  const clock = createManualClock(1_000_000);
  let log: LogHealth = {
    connected: true,
    server: "127.0.0.1:4222",
    answeredAt: 1_000_000,
    problem: undefined,
    writes: [],
    storedBytes: 1,
    clock: { offsetMs: 0, boundMs: 1 },
  };
  const nodes: { readonly heartbeat: Heartbeat; readonly heardAt: number }[] = [];
  const warnings: string[] = [];
  let level = 1;
  const health = createRequesterHealth({
    watch: { start: () => {}, stop: () => {}, now: () => log },
    clock,
    logger: { info: () => {}, warn: (facts, sentence) => warnings.push(`${sentence} ${JSON.stringify(facts)}`) },
    owned: () => 8,
    nodes: () => nodes,
    features: { isBehind: () => level > 1, level: () => level, supported: () => 1 },
  });
  const setLevel = (to: number) => {
    level = to;
  };
  const setLog = (more: Partial<LogHealth>) => {
    log = { ...log, ...more };
  };
  return { clock, health, warnings, nodes, setLog, setLevel };
}

describe("a requester's health", () => {
  it("is not ready before the API is open, and then reports its shards", () => {
    const { health } = harness();
    const shards = () => health.checks().find(({ name }) => name === "shards");
    expect(shards()).toMatchObject({ ok: false, reason: expect.stringContaining("not started") });
    health.open(true);
    expect(shards()).toEqual({ name: "shards", ok: true, reason: "owns 8 of 16 shards" });
    health.open(false);
    expect(shards()?.ok).toBe(false);
  });

  it("is not ready while it does not support the cluster's feature level", () => {
    const { health, setLevel } = harness();
    const features = () => health.checks().find(({ name }) => name === "features");
    expect(features()).toMatchObject({ ok: true, reason: expect.stringContaining("level 1") });
    setLevel(2);
    expect(features()).toMatchObject({ ok: false, reason: expect.stringContaining("until it is upgraded") });
  });

  it("warns once about a wrong clock, its own or a node's, and again after it was right", async () => {
    const { clock, health, warnings, nodes, setLog } = harness();
    nodes.push({ heartbeat: beat("n-1", 1_000_000), heardAt: 1_000_000 });
    await health.start();
    await clock.advance(9_000);
    expect(warnings).toEqual([]);
    setLog({ clock: { offsetMs: 7_200_000, boundMs: 2 } });
    nodes[0] = { heartbeat: beat("n-1", 1_000_000 + 7_200_000), heardAt: 1_000_000 };
    await clock.advance(9_000);
    expect(warnings).toEqual([
      expect.stringContaining("this machine's clock differs"),
      expect.stringMatching(/a node's clock differs.*"nodeId":"n-1","offsetMs":7200000/),
    ]);
    nodes[0] = { heartbeat: beat("n-1", 1_000_000), heardAt: 1_000_000 };
    await clock.advance(3_000);
    nodes[0] = { heartbeat: beat("n-1", 1_000_000 - 60_000), heardAt: 1_000_000 };
    await clock.advance(3_000);
    expect(warnings).toHaveLength(3);
    await health.stop();
  });
});
