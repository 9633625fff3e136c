import { createSimulatedCluster, noFaults, sampleSpec } from "@shoal/core/testing";
import { ExecutionAssigned, JobQueued } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { createClients } from "./clients.ts";
import type { PlannedJob } from "./plan.ts";
import { createSimulatedServices } from "./services.ts";

const gibibyte = 2 ** 30;
const lookMs = 30_000;
const smallMs = 20_000;

interface Start {
  readonly jobId: string;
  readonly cpuCores: number;
  readonly nodeId: string;
  readonly atMs: number;
}

interface Run {
  readonly starts: readonly Start[];
  /** The reasons in the log for which jobs waited. */
  readonly reasons: readonly string[];
}

/** Runs two requesters, two nodes of 8 cores and a stream of 1-core jobs that overloads them: where each job started, and why it waited. */
async function run(large: readonly PlannedJob[], { reserves = true } = {}): Promise<Run> {
  const sim = createSimulatedCluster({ seed: 7, faults: noFaults });
  const startAt = sim.clock.now();
  const starts: Start[] = [];
  const reasons: string[] = [];
  sim.log.onAppended.add(({ aggregate, commit }) => {
    for (const { type, data } of commit.events) {
      if (type === JobQueued.name) reasons.push(JobQueued.data.parse(data).why);
      if (type !== ExecutionAssigned.name) continue;
      const { nodeId, resources } = ExecutionAssigned.data.parse(data);
      starts.push({ jobId: aggregate.id, cpuCores: resources.cpuCores, nodeId, atMs: sim.clock.now() - startAt });
    }
  });
  const problem = (what: string) => expect.unreachable(what);
  const node = { cores: 8, memoryBytes: 8 * gibibyte, pool: "cpu" };
  const plan = {
    requesters: ["r-0", "r-1"],
    nodes: new Map([
      ["n-0", node],
      ["n-1", node],
    ]),
    settings: {
      ...{ width: 3, rounds: 3, waitMs: 250, disconnectAfterMs: 6_000, settleMs: 500, positionsMs: 1_000 },
      heartbeatMs: 1_000,
      ...(reserves ? { reserveAfterMs: lookMs } : {}),
    },
  };
  const note = () => undefined;
  const services = createSimulatedServices({
    ...{ plan, sim, prng: sim.prng.split("fleet"), crash: () => 0, note, problem },
    endedAt: () => undefined,
    isStanding: () => false,
  });
  const small = Array.from({ length: streamMs / 1_000 }, (_, second) => jobOf("1", 2_000 + second * 1_000));
  createClients({ sim, prng: sim.prng.split("clients"), services, jobs: [...small, ...large], startAt, problem });
  for (const supervised of services.all) supervised.raise();
  await sim.clock.advance(streamMs);
  return { starts, reasons };
}

const streamMs = 240_000;

function jobOf(cpu: string, atMs: number, memory = "1Mb"): PlannedJob {
  const spec = sampleSpec({ params: { RunSeconds: smallMs / 1_000 }, resources: { cpu, memory } });
  return { spec, atMs, token: undefined, stopAtMs: undefined };
}

const submittedMs = 40_000;
const inWindow = (starts: readonly Start[], [from, to]: readonly [number, number], nodeId?: string) =>
  starts.filter(
    (each) => each.cpuCores === 1 && each.atMs >= from && each.atMs < to && (nodeId ?? each.nodeId) === each.nodeId,
  ).length;

describe("a large job beside a stream of small ones that fills every node", () => {
  it("starts on a node that reserves room for it, while small ones continue on the other nodes", async () => {
    // Each has a separate scheduling class, so that each asks once while the nodes are full.
    const others = Array.from({ length: 10 }, (_, n) => jobOf("500m", submittedMs + lookMs + 5_000 * n, `${2 ** n}Mb`));
    const { starts, reasons } = await run([jobOf("8", submittedMs), ...others]);
    const [large] = starts.filter(({ cpuCores }) => cpuCores === 8);
    const { jobId, nodeId, atMs } = large ?? expect.unreachable("the large job has not started");
    // The reservation starts after the limit, at most two scheduling rounds later; then the running jobs of the node end.
    expect(atMs).toBeGreaterThan(submittedMs + lookMs);
    expect(atMs).toBeLessThanOrEqual(submittedMs + 2 * lookMs + smallMs + 2_000);
    const other = nodeId === "n-0" ? "n-1" : "n-0";
    expect(inWindow(starts, [atMs - 10_000, atMs], nodeId)).toBe(0);
    expect(inWindow(starts, [atMs - 10_000, atMs], other)).toBeGreaterThan(2);
    expect(inWindow(starts, [atMs + smallMs, streamMs], nodeId)).toBeGreaterThan(20);
    expect(reasons.some((why) => why.includes(`reserved for ${jobId}`))).toBe(true);
  });

  it("starts together with three others, one after the other", async () => {
    const { starts } = await run([1, 2, 3, 4].map((n) => jobOf("8", submittedMs + n)));
    expect(starts.filter(({ cpuCores }) => cpuCores === 8)).toHaveLength(4);
    const before = [submittedMs, submittedMs + lookMs] as const;
    expect(inWindow(starts, before)).toBeGreaterThan(20);
  });

  it("would not start without a reservation", async () => {
    const { starts } = await run([jobOf("8", submittedMs)], { reserves: false });
    expect(starts.filter(({ cpuCores }) => cpuCores === 8)).toEqual([]);
    expect(starts.length).toBeGreaterThan(150);
  });
});
