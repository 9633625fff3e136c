import { sampleSpec } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { nodesOf, schedulerHarness, type TestJob } from "../../testing/scheduler-harness.ts";

const cores = (cpu: number | string, more: Parameters<typeof sampleSpec>[0] = {}): JobSpec =>
  sampleSpec({ ...more, resources: { cpu: String(cpu), memory: "1Mb" } });
const inZone = (zone: string, spec: JobSpec): JobSpec => ({
  ...spec,
  constraints: [{ key: "zone", operator: "=", values: [zone] }],
});
const statesOf = (jobs: readonly TestJob[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const job of jobs) counts[job.summary()] = (counts[job.summary()] ?? 0) + 1;
  return counts;
};
const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe("the scheduler in a large cluster", () => {
  it.each([
    [1_000, 10],
    [300, 5],
    [100, 1],
  ])("of %i nodes places every job that only %i of them fit", async (total, fitting) => {
    const nodes = nodesOf(total, 1_000).map((info, index) =>
      index < fitting ? info : { ...info, engines: ["docker"] },
    );
    const { submit, clock } = schedulerHarness({ nodes });
    const jobs = times(500, () => submit(cores("0.5")));
    await clock.settle();
    expect(statesOf(jobs)).toEqual({ running: 500 });
  });

  it("places a job whose exact size few nodes of its size class take", async () => {
    const nodes = nodesOf(300, 3).map((info, index) => (index < 3 ? { ...info, ...sized(4) } : info));
    const { submit, clock } = schedulerHarness({ nodes });
    const job = submit(cores(4));
    await clock.settle();
    expect(job.summary()).toBe("running");
  });

  it("asks until every node has refused permanently, and only then records that none fits", async () => {
    const { submit, clock, nodes } = schedulerHarness({ nodes: nodesOf(200) });
    for (const node of nodes.values()) node.refuses = () => "engine: it is broken here";
    const refused = submit(sampleSpec());
    await clock.settle();
    expect(refused.summary()).toBe("failed NO_NODE_FITS");
    expect([...nodes.values()].every(({ asks }) => asks === 1)).toBe(true);
    const last = [...nodes.values()].at(-1);
    if (last !== undefined) last.refuses = () => undefined;
    const taken = submit(sampleSpec());
    await clock.settle();
    expect(taken.summary()).toBe("running");
  });

  it("records once every node is known why they refused before, without asking them again", async () => {
    let isSettled = false;
    const { submit, clock, nodes, scheduler, asks } = schedulerHarness({
      nodes: nodesOf(2),
      settled: () => isSettled,
    });
    for (const node of nodes.values()) node.refuses = () => "inputs: it does not allow /etc";
    const job = submit(sampleSpec());
    await clock.settle();
    expect([job.summary(), asks()]).toEqual(["pending", 2]);
    isSettled = true;
    scheduler.settled();
    await clock.settle();
    expect([job.summary(), asks()]).toEqual(["failed NO_NODE_FITS", 2]);
    expect(job.state()?.header.message).toContain("2 of 2 nodes: inputs: it does not allow /etc");
  });

  it("asks as many nodes that may change as one round allows, however many have refused permanently", async () => {
    const { submit, clock, nodes } = schedulerHarness({
      nodes: nodesOf(120, 1),
      auction: { width: 3, rounds: 8, waitMs: 300 },
    });
    const all = [...nodes.values()];
    const [broken, full] = [all.slice(0, 60), all.slice(60)];
    for (const node of broken) node.refuses = () => "engine: it is broken here";
    for (const node of full) node.change({ cpuCores: 1, memoryBytes: 0, diskBytes: 0, gpus: 0 }, -1);
    const waiting = submit(cores(1));
    await clock.settle();
    expect(waiting.summary()).toBe("queued");
    expect(full.reduce((sum, { asks }) => sum + asks, 0)).toBe(3 * 8);
  });
});

const sized = (cpuCores: number) => {
  const all = { cpuCores, memoryBytes: 2 ** 33, diskBytes: 2 ** 35, gpus: 0 };
  return { capacity: all, available: all, perTask: all };
};

describe("jobs that wait", () => {
  it("do not delay jobs that other nodes fit", async () => {
    const [gpu, ...cpu] = nodesOf(6, 1);
    if (gpu === undefined) throw new Error("there are six nodes");
    const busy = { ...gpu, labels: { zone: "gpu" }, available: { ...gpu.available, cpuCores: 0 } };
    const { submit, clock, nodes, beatFor } = schedulerHarness({ nodes: [busy, ...cpu] });
    const waiting = times(260, () => submit(inZone("gpu", cores(1))));
    await clock.settle();
    await beatFor(5);
    const small = submit(inZone("a", cores(1)));
    await clock.settle();
    expect([small.summary(), statesOf(waiting)]).toEqual(["running", { queued: 260 }]);
    expect(nodes.get(busy.nodeId)?.asks).toBeLessThan(65);
  });

  it("do not block smaller ones from room that they cannot use", async () => {
    const { submit, clock, beatFor } = schedulerHarness({ nodes: nodesOf(1, 8) });
    const first = submit(cores(1));
    await clock.settle();
    const large = times(4, () => submit(cores(8)));
    const small = times(7, () => submit(cores(1)));
    await clock.settle();
    await beatFor(1);
    expect([first.summary(), statesOf(large), statesOf(small)]).toEqual(["running", { queued: 4 }, { running: 7 }]);
  });

  it("do not block a smaller one of the same size class", async () => {
    const { submit, clock, beatFor } = schedulerHarness({ nodes: nodesOf(1, 7) });
    const [first] = [submit(cores(4))];
    await clock.settle();
    const large = times(100, () => submit(cores(4)));
    await clock.settle();
    const small = submit(cores(3));
    await clock.settle();
    await beatFor(31);
    expect([first?.summary(), statesOf(large), small.summary()]).toEqual(["running", { queued: 100 }, "running"]);
  });

  it("start by priority, then each namespace in turn, then by age, as soon as a heartbeat shows room", async () => {
    const { submit, clock, complete, beat } = schedulerHarness({ nodes: nodesOf(1, 1) });
    const holder = submit(cores(1));
    await clock.settle();
    const jobs = new Map<string, TestJob>();
    for (const [name, namespace, priority] of [
      ["a1", "a", 0],
      ["a2", "a", 0],
      ["a3", "a", 0],
      ["b1", "b", 0],
      ["high", "a", 5],
    ] as const) {
      await clock.advance(1);
      jobs.set(name, submit(cores(1, { namespace, priority })));
    }
    await clock.settle();
    const order: string[] = [];
    for (let running: TestJob | undefined = holder; running !== undefined; ) {
      await complete(running);
      beat();
      await clock.settle();
      const started = [...jobs].find(([, job]) => job.summary() === "running");
      if (started !== undefined) order.push(started[0]);
      running = started?.[1];
    }
    expect(order).toEqual(["high", "b1", "a1", "a2", "a3"]);
  });

  it("cost no asks while heartbeats show no freed room, and start when they do", async () => {
    const full = nodesOf(100, 1).map((info) => ({ ...info, available: { ...info.available, cpuCores: 0 } }));
    const { submit, clock, asks, beatFor, nodes } = schedulerHarness({ nodes: full });
    const jobs = times(200, () => submit(cores(1)));
    await clock.settle();
    await beatFor(2);
    const before = asks();
    await beatFor(120);
    expect([asks() - before, statesOf(jobs)]).toEqual([0, { queued: 200 }]);
    nodes.get("n-7")?.change({ cpuCores: 1, memoryBytes: 0, diskBytes: 0, gpus: 0 }, 1);
    await beatFor(1);
    expect(statesOf(jobs)).toEqual({ queued: 199, running: 1 });
    expect(asks() - before).toBeLessThanOrEqual(2);
  });

  it("cost at most 2 asks per node and second when nodes refuse for a reason other than the room they show", async () => {
    const { submit, clock, asks, beatFor, nodes } = schedulerHarness({ nodes: nodesOf(100, 1), showsRoom: false });
    for (const node of nodes.values()) node.answer = busyAnswer(node);
    const jobs = times(200, (index) => submit(cores(1 + (index % 8) / 8, { namespace: `ns-${index % 3}` })));
    await clock.settle();
    const before = asks();
    await beatFor(120);
    expect((asks() - before) / 100 / 120).toBeLessThanOrEqual(2);
    expect(statesOf(jobs)).not.toHaveProperty("running");
  });

  it("start within a heartbeat after an ask or its answer was lost", async () => {
    const { submit, clock, nodes, beatFor } = schedulerHarness({ nodes: nodesOf(1) });
    const node = nodes.get("n-0");
    if (node === undefined) throw new Error("there is a node");
    node.isSilent = true;
    const job = submit(sampleSpec());
    await clock.advance(400);
    expect(job.summary()).toBe("queued");
    node.isSilent = false;
    await beatFor(2);
    expect(job.summary()).toBe("running");
  });

  it("ask a node that does not answer less and less often", async () => {
    const { submit, clock, nodes, asks, beatFor } = schedulerHarness({ nodes: nodesOf(1) });
    for (const node of nodes.values()) node.isSilent = true;
    times(10, () => submit(sampleSpec()));
    await clock.advance(1_000);
    const before = asks();
    await beatFor(120);
    // After 1, 2, 4, 8, 16 and then every 30 seconds.
    expect(asks() - before).toBeLessThan(12);
  });

  it("ask a node that accepts no slot, and place a job that accepts no placement, only every 30 seconds", async () => {
    const { submit, clock, nodes, asks, beatFor } = schedulerHarness({ nodes: nodesOf(1) });
    const node = nodes.get("n-0");
    if (node === undefined) throw new Error("there is a node");
    const answer = node.answer.bind(node);
    node.answer = (ask) => ({ ...answer({ ...ask, slots: 1 }), slots: 0 });
    submit(sampleSpec());
    await clock.settle();
    await beatFor(20);
    expect(asks()).toBe(1);
    node.answer = (ask) => answer({ ...ask, slots: 1 });
    const odd = submit(sampleSpec({ count: 3, priority: 1 }));
    odd.command = async () => ({ ok: true, changed: false });
    await clock.settle();
    await beatFor(65);
    expect([asks() < 8, odd.nodeIds()]).toEqual([true, []]);
  });

  it("do not delay others when each of them has its own class", async () => {
    const full = nodesOf(2, 1).map((info) => ({ ...info, available: { ...info.available, cpuCores: 0 } }));
    const { submit, clock, nodes, beatFor, complete } = schedulerHarness({
      nodes: [...full, { ...nodesOf(3, 1)[2], labels: { zone: "b" } } as (typeof full)[0]],
    });
    const withoutZone = (index: number) => ({
      ...cores(1),
      constraints: [
        { key: "zone", operator: "=" as const, values: ["a"] },
        { key: `class-${index}`, operator: "!" as const, values: [] },
      ],
    });
    const waiting = times(340, (index) => submit(withoutZone(index)));
    await clock.settle();
    await beatFor(2);
    const small = submit(inZone("b", cores(1)));
    await clock.settle();
    expect([small.summary(), statesOf(waiting)]).toEqual(["running", { queued: 340 }]);
    nodes.get("n-0")?.change({ cpuCores: 1, memoryBytes: 0, diskBytes: 0, gpus: 0 }, 1);
    for (let turn = 0; turn < 360; turn++) {
      await beatFor(1);
      for (const job of waiting) await complete(job);
    }
    expect(statesOf(waiting)).toEqual({ completed: 340 });
  });

  it("are retried when a fitting node joins, and do not fail before that", async () => {
    const info = nodesOf(1).map((each) => ({ ...each, engines: ["docker"] }));
    const { submit, clock, nodes, beat } = schedulerHarness({ nodes: info });
    const job = submit(sampleSpec({ timeouts: { queueTimeout: 600 } }));
    await clock.settle();
    expect(job.summary()).toBe("queued");
    const node = nodes.get("n-0");
    if (node !== undefined) node.info = { ...node.info, engines: ["docker", "noop"] };
    beat();
    await clock.settle();
    expect(job.summary()).toBe("running");
  });

  it("record in the log why they wait, once", async () => {
    const { submit, clock, beatFor } = schedulerHarness({ nodes: nodesOf(1, 1) });
    const [, ...behind] = times(150, () => submit(cores(1)));
    await clock.settle();
    const revisions = () => behind.map((job) => job.state()?.header.revision);
    const after = revisions();
    expect(behind.every((job) => job.summary() === "queued" && job.state()?.header.message !== "")).toBe(true);
    await beatFor(50);
    expect(revisions()).toEqual(after);
  });

  it("leave no timer when they are removed", async () => {
    const { submit, clock, scheduler } = schedulerHarness({ nodes: nodesOf(1, 1) });
    const jobs = times(80, () => submit(cores(1)));
    await clock.settle();
    expect(clock.planned()).toBe(1);
    for (const job of jobs) scheduler.remove(job);
    expect(clock.planned()).toBe(0);
  });
});

/** Refuses for lack of a resource that its heartbeats do not show. */
const busyAnswer = (node: { asks: number; info: { nodeId: string } }) => (ask: { askId: string }) => {
  node.asks += 1;
  return { askId: ask.askId, nodeId: node.info.nodeId, accepted: false, slots: 0, busy: true, why: "too many slots" };
};

describe("pinned slots", () => {
  it("wait for their own node and start there", async () => {
    const { submit, clock, nodes, beat } = schedulerHarness({ nodes: nodesOf(3, 1) });
    const holders = times(3, () => submit(cores(1)));
    await clock.settle();
    expect(statesOf(holders)).toEqual({ running: 3 });
    const job = submit(cores(1), "n-1");
    await clock.settle();
    nodes.get("n-2")?.change({ cpuCores: 1, memoryBytes: 0, diskBytes: 0, gpus: 0 }, 1);
    beat();
    await clock.settle();
    expect(job.nodeIds()).toEqual([]);
    nodes.get("n-1")?.change({ cpuCores: 1, memoryBytes: 0, diskBytes: 0, gpus: 0 }, 1);
    beat();
    await clock.settle();
    expect(job.nodeIds()).toEqual(["n-1"]);
  });
});
