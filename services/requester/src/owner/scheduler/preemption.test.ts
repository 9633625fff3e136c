import { sampleSpec } from "@shoal/core/testing";
import { type Ask, addResources, type Victim } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { nodesOf, schedulerHarness } from "../../testing/scheduler-harness.ts";

const cores = (cpu: number, priority = 50) => sampleSpec({ resources: { cpu: String(cpu), memory: "1Mb" }, priority });
const cpuCores = (count: number) => ({ cpuCores: count, memoryBytes: 0, diskBytes: 0, gpus: 0 });

interface SetUp {
  /** The victims that each node offers. */
  readonly victims: readonly (readonly Pick<Victim, "executionId" | "priority">[] | undefined)[];
  readonly preemption?: boolean;
  readonly quota?: number;
  readonly reserveAfterMs?: number;
}

/** Full nodes with victims, and the orders that the scheduler sends. */
function setUp({ victims, preemption = true, quota, reserveAfterMs = 30_000 }: SetUp) {
  const orders: { readonly victims: readonly string[]; readonly jobId: string; readonly priority: number }[] = [];
  const asked: { readonly nodeId: string; readonly jobId: string; readonly reserves: boolean }[] = [];
  const released: string[] = [];
  const harness = schedulerHarness({
    nodes: nodesOf(victims.length).map((info) => ({ ...info, available: { ...info.available, cpuCores: 0 } })),
    auction: { width: 3, rounds: 8, waitMs: 300, reserveAfterMs, preemption },
    ...(quota === undefined ? {} : { quotas: new Map([["default", { cpuCores: quota }]]) }),
    onRelease: (nodeId) => void released.push(nodeId),
    preempt: (found, { jobId, priority }) =>
      void orders.push({ victims: found.map(({ executionId }) => executionId), jobId, priority }),
  });
  for (const [index, node] of [...harness.nodes.values()].entries()) {
    const answer = node.answer.bind(node);
    node.answer = (ask: Ask) => {
      const bid = answer(ask);
      const reserves = ask.reserveSince !== undefined;
      if (ask.preemptsUpTo !== undefined) asked.push({ nodeId: node.info.nodeId, jobId: ask.jobId, reserves });
      const offered = ask.preemptsUpTo === undefined ? undefined : victims[index];
      const isAllowed = offered?.every(({ priority }) => priority <= (ask.preemptsUpTo ?? 0));
      if (bid.accepted || offered === undefined || isAllowed !== true) return bid;
      const full = offered.map((each) => ({ ...each, jobId: "j-low", namespace: "default", assignedAt: 1 }));
      return { ...bid, victims: full, ...(reserves ? { reserved: true } : {}) };
    };
  }
  const free = (nodeId: string, count: number) => {
    harness.nodes.get(nodeId)?.change(cpuCores(count), 1);
    harness.beat(nodeId);
    return harness.clock.settle();
  };
  return { ...harness, orders, asked, released, free };
}

const low = { executionId: "e-low", priority: 0 };
const higher = { executionId: "e-higher", priority: 30 };

describe("a job that finds no room", () => {
  it("ends the executions of the node with the least important ones, at once, and gets the room", async () => {
    const { submit, clock, orders, free } = setUp({ victims: [[higher], [low], [low, low], undefined] });
    const job = submit(cores(1));
    await clock.settle();
    expect(orders).toEqual([{ victims: ["e-low"], jobId: job.ref.id, priority: 50 }]);
    await free("n-1", 1);
    expect(job.nodeIds()).toEqual(["n-1"]);
  });

  it("ends nothing while preemption is off", async () => {
    const { submit, beatFor, orders, asked } = setUp({ victims: [[low]], preemption: false });
    submit(cores(1));
    await beatFor(65);
    expect([orders, asked]).toEqual([[], []]);
  });

  it("ends nothing for slots that its quota does not allow", async () => {
    const { submit, beatFor, orders } = setUp({ victims: [[low]], quota: 1 });
    submit(cores(2));
    await beatFor(65);
    expect(orders).toEqual([]);
  });

  it("keeps the room from others of its requester until it has it", async () => {
    const { submit, clock, free } = setUp({ victims: [[low]] });
    const job = submit(cores(2));
    await clock.settle();
    const rival = submit(cores(1, 45));
    await clock.settle();
    await free("n-0", 2);
    expect([job.summary(), rival.summary()]).toEqual(["running", "queued"]);
  });

  it("leaves nothing reserved when it is stopped", async () => {
    const { submit, clock, released, scheduler } = setUp({ victims: [[low]] });
    const job = submit(cores(1));
    await clock.settle();
    expect(released).toEqual([]);
    scheduler.remove(job);
    expect(released).toEqual(["n-0"]);
  });

  it("preempts for one slot after the other", async () => {
    const { submit, clock, orders, free } = setUp({ victims: [[low], [low]] });
    const job = submit({ ...cores(1), count: 2 });
    await clock.settle();
    expect(orders).toHaveLength(1);
    await free("n-0", 1);
    expect([job.nodeIds(), orders.length]).toEqual([["n-0"], 2]);
  });

  it("repeats its order with each renewal of the reservation: the first one may be lost", async () => {
    const { submit, beatFor, orders } = setUp({ victims: [[low]] });
    submit(cores(1));
    await beatFor(61);
    expect(orders.length).toBeGreaterThan(1);
    expect(new Set(orders.map(({ victims }) => victims.join()))).toEqual(new Set(["e-low"]));
  });

  it("asks every half minute as long as no node has victims", async () => {
    const { submit, beatFor, asked } = setUp({ victims: [undefined] });
    submit(cores(1));
    await beatFor(25);
    expect(asked).toHaveLength(1);
    await beatFor(10);
    expect(asked.length).toBeLessThanOrEqual(4);
    expect(asked.length).toBeGreaterThan(1);
  });

  it("does not wait for the search of one that may end less", async () => {
    const { submit, clock, nodes, orders } = setUp({ victims: [undefined, [{ executionId: "e-45", priority: 45 }]] });
    // Each try, and each search, waits 300 ms for it.
    (nodes.get("n-0") ?? expect.unreachable()).isSilent = true;
    submit(cores(1));
    await clock.advance(450);
    const urgent = submit(cores(1, 90));
    await clock.advance(1_000);
    expect(orders.map(({ jobId }) => jobId)).toEqual([urgent.ref.id]);
  });

  it("is not searched for while its lane searches for another one", async () => {
    const { submit, clock, nodes, orders } = setUp({ victims: [undefined, [low], [low]] });
    // Each try, and each search, waits 300 ms for it.
    (nodes.get("n-0") ?? expect.unreachable()).isSilent = true;
    const first = submit(cores(1));
    await clock.advance(450);
    submit(cores(1));
    await clock.advance(1_500);
    expect(orders.map(({ jobId }) => jobId)).toEqual([first.ref.id]);
  });

  it("waits for another one of its lane, unless it has a higher priority", async () => {
    const { submit, clock, orders } = setUp({ victims: [[low], [low]] });
    const first = submit(cores(1));
    await clock.settle();
    submit(cores(1));
    await clock.settle();
    expect(orders.map(({ jobId }) => jobId)).toEqual([first.ref.id]);
    const urgent = submit(cores(1, 90));
    await clock.settle();
    expect(orders.map(({ jobId }) => jobId)).toEqual([first.ref.id, urgent.ref.id]);
  });
});

it("a hold that a search made is released", async () => {
  const { submit, clock, nodes, orders } = setUp({ victims: [undefined], reserveAfterMs: 3_600_000 });
  const job = submit(cores(1));
  await clock.settle();
  const node = nodes.get("n-0") ?? expect.unreachable();
  const before = node.info.available;
  node.info = { ...node.info, available: addResources(before, cpuCores(4)) };
  await clock.advance(31_000);
  expect([job.nodeIds(), orders, node.info.available.cpuCores]).toEqual([["n-0"], [], 3]);
});
