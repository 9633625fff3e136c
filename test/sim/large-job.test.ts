import { calm, createSea, sampleSpec } from "@shoal/core/testing";
import { ExecutionAssigned, type JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { createClients } from "./clients.ts";
import { createFleet } from "./fleet.ts";
import type { PlannedJob } from "./plan.ts";

const gibibyte = 2 ** 30;
const lookMs = 30_000;
const smallMs = 20_000;

interface Start {
  readonly cpuCores: number;
  readonly nodeId: string;
  readonly atMs: number;
}

/** Two requesters and two nodes of 8 cores, which a stream of 1-core jobs more than fills, for so long; and where each job started. */
async function startsOf(large: readonly PlannedJob[], { reserves = true } = {}): Promise<readonly Start[]> {
  const sea = createSea({ seed: 7, faults: calm });
  const startAt = sea.clock.now();
  const starts: Start[] = [];
  sea.log.onAppended.add(({ commit }) => {
    for (const { type, data } of commit.events) {
      if (type !== ExecutionAssigned.name) continue;
      const { nodeId, resources } = ExecutionAssigned.data.parse(data);
      starts.push({ cpuCores: resources.cpuCores, nodeId, atMs: sea.clock.now() - startAt });
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
  const fleet = createFleet({
    ...{ plan, sea, dice: sea.dice.split("fleet"), crash: () => 0, note, problem },
    endedAt: () => undefined,
  });
  const small = Array.from({ length: streamMs / 1_000 }, (_, second) => jobOf("1", 2_000 + second * 1_000));
  createClients({ sea, dice: sea.dice.split("clients"), fleet, jobs: [...small, ...large], startAt, problem });
  for (const ship of fleet.all) ship.raise();
  await sea.clock.advance(streamMs);
  return starts;
}

const streamMs = 240_000;

function jobOf(cpu: string, atMs: number, more: Partial<JobSpec> = {}): PlannedJob {
  const params = { RunSeconds: smallMs / 1_000 };
  const spec = { ...sampleSpec({ params, resources: { cpu, memory: "1Mb" } }), ...more };
  return { spec, atMs, token: undefined, stopAtMs: undefined };
}

const submittedMs = 40_000;
const inWindow = (starts: readonly Start[], [from, to]: readonly [number, number], nodeId?: string) =>
  starts.filter(
    (each) => each.cpuCores === 1 && each.atMs >= from && each.atMs < to && (nodeId ?? each.nodeId) === each.nodeId,
  ).length;

describe("a large job beside a stream of small ones that fills every node", () => {
  it("starts, on a node that gathers room for it, while the small ones go on with the others", async () => {
    const starts = await startsOf([jobOf("8", submittedMs)]);
    const [large] = starts.filter(({ cpuCores }) => cpuCores === 8);
    const { nodeId, atMs } = large ?? expect.unreachable("the large job has not started");
    // Nothing is reserved before the limit, and two looks after the submission at the latest; then what runs there ends.
    expect(atMs).toBeGreaterThan(submittedMs + lookMs);
    expect(atMs).toBeLessThanOrEqual(submittedMs + 2 * lookMs + smallMs + 2_000);
    const other = nodeId === "n-0" ? "n-1" : "n-0";
    expect(inWindow(starts, [atMs - 10_000, atMs], nodeId)).toBe(0);
    expect(inWindow(starts, [atMs - 10_000, atMs], other)).toBeGreaterThan(2);
    expect(inWindow(starts, [atMs + smallMs, streamMs], nodeId)).toBeGreaterThan(20);
  });

  it("starts together with three others, one after the other", async () => {
    const starts = await startsOf([1, 2, 3, 4].map((n) => jobOf("8", submittedMs + n)));
    expect(starts.filter(({ cpuCores }) => cpuCores === 8)).toHaveLength(4);
    const before = [submittedMs, submittedMs + lookMs] as const;
    expect(inWindow(starts, before)).toBeGreaterThan(20);
  });

  it("would not start without a reservation", async () => {
    const starts = await startsOf([jobOf("8", submittedMs)], { reserves: false });
    expect(starts.filter(({ cpuCores }) => cpuCores === 8)).toEqual([]);
    expect(starts.length).toBeGreaterThan(150);
  });
});
