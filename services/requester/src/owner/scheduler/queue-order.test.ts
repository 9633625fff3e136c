import { sampleSpec } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { nodesOf, type SchedulerHarness, schedulerHarness, type TestJob } from "../../testing/scheduler-harness.ts";

const cores = (cpu: number, more: Parameters<typeof sampleSpec>[0] = {}): JobSpec =>
  sampleSpec({ ...more, resources: { cpu: String(cpu), memory: "1Mb" } });

/** A full cluster of one node, and the job that fills it. */
async function fullNode(size: number) {
  const harness = schedulerHarness({ nodes: nodesOf(1, size) });
  const holder = harness.submit(cores(size));
  await harness.clock.settle();
  return { harness, holder };
}

/** Submits named jobs one after the other. */
async function submitAll(harness: SchedulerHarness, specs: readonly (readonly [string, JobSpec])[]) {
  const jobs = new Map<string, TestJob>();
  for (const [name, spec] of specs) {
    await harness.clock.advance(1);
    jobs.set(name, harness.submit(spec));
  }
  await harness.clock.settle();
  return jobs;
}

const runningOf = (jobs: ReadonlyMap<string, TestJob>): readonly string[] =>
  [...jobs].flatMap(([name, job]) => (job.summary() === "running" ? [name] : []));

/** Completes the running jobs until all have run; the names in the order in which they started. */
async function orderOf(harness: SchedulerHarness, holder: TestJob, jobs: ReadonlyMap<string, TestJob>) {
  const order: string[] = [];
  let running: readonly TestJob[] = [holder];
  while (running.length > 0) {
    for (const job of running) await harness.complete(job);
    harness.beat();
    await harness.clock.settle();
    const started = runningOf(jobs).filter((name) => !order.includes(name));
    order.push(...started);
    running = started.flatMap((name) => jobs.get(name) ?? []);
  }
  return order;
}

describe("jobs of several lanes that wait for the same node", () => {
  it("start by priority, whatever their lane", async () => {
    const { harness, holder } = await fullNode(8);
    const jobs = await submitAll(harness, [
      ["low large", cores(4)],
      ["low small", cores(1)],
      ["high large", cores(4, { priority: 10 })],
      ["middle small", cores(1, { priority: 5 })],
      ["low medium", cores(2)],
      ["middle large", cores(3, { priority: 5 })],
    ]);
    await harness.complete(holder);
    harness.beat();
    await harness.clock.settle();
    expect(runningOf(jobs).toSorted()).toEqual(["high large", "middle large", "middle small"]);
  });

  it("take turns by namespace: a thousand jobs of one in many lanes do not delay the first of another", async () => {
    const { harness, holder } = await fullNode(2);
    const sizes = [0.1, 0.2, 0.4, 0.8, 1.6];
    const many = Array.from({ length: 1000 }, (_, index) => {
      const spec = cores(sizes[index % sizes.length] ?? 1, { namespace: "many" });
      return [`many ${index}`, spec] as const;
    });
    const jobs = await submitAll(harness, [...many, ["few", cores(1.6, { namespace: "few" })]]);
    await harness.complete(holder);
    harness.beat();
    await harness.clock.settle();
    expect(runningOf(jobs)).toContain("few");
    expect(runningOf(jobs)).toContain("many 0");
  });

  it("of one namespace start by age", async () => {
    const { harness, holder } = await fullNode(4);
    const jobs = await submitAll(harness, [
      ["first", cores(4)],
      ["second", cores(2.5)],
      ["third", cores(4)],
      ["fourth", cores(2.5)],
    ]);
    expect(await orderOf(harness, holder, jobs)).toEqual(["first", "second", "third", "fourth"]);
  });
});

describe("jobs of one lane", () => {
  it("of a high priority are tried before the others again, although their last try failed", async () => {
    const harness = schedulerHarness({ nodes: nodesOf(2, 1) });
    const holders = [harness.submit(cores(1)), harness.submit(cores(1))];
    await harness.clock.settle();
    const [open, silent] = [harness.nodes.get("n-0"), harness.nodes.get("n-1")];
    if (open === undefined || silent === undefined) throw new Error("the harness has two nodes");
    const jobs = await submitAll(harness, [["slow", cores(1)]]);
    // A try of another job lasts on, so that the round of the lane does not end.
    for (const holder of holders) await harness.complete(holder);
    silent.isSilent = true;
    harness.beat("n-1");
    for (const [name, spec] of [
      ["high", cores(1, { priority: 9 })],
      ["low", cores(1)],
    ] as const)
      jobs.set(name, harness.submit(spec));
    const answer = open.answer.bind(open);
    open.answer = ({ askId }) => ({
      ...{ askId, nodeId: "n-0", accepted: false, slots: 0 },
      ...{ busy: true, why: "capacity: all slots are in use" },
    });
    open.info = { ...open.info, running: 1 };
    harness.beat("n-0");
    await harness.clock.settle();
    open.answer = answer;
    open.info = { ...open.info, running: 0 };
    harness.beat("n-0");
    await harness.clock.settle();
    expect(runningOf(jobs)).toEqual(["high"]);
  });

  it("take turns with one that has many slots", async () => {
    const { harness, holder } = await fullNode(20);
    const jobs = await submitAll(harness, [
      ["large", cores(1, { count: 1000 })],
      ...Array.from({ length: 8 }, (_, index) => [`small ${index}`, cores(1)] as const),
    ]);
    await harness.complete(holder);
    harness.beat();
    await harness.clock.settle();
    expect(runningOf(jobs)).toHaveLength(5);
    expect(jobs.get("large")?.nodeIds()).toHaveLength(16);
    const large = jobs.get("large");
    if (large !== undefined) await harness.complete(large);
    harness.beat();
    await harness.clock.settle();
    expect(runningOf(jobs)).toHaveLength(9);
  });
});
