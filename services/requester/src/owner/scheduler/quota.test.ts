import { sampleSpec } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { nodesOf, schedulerHarness, type TestJob } from "../../testing/scheduler-harness.ts";
import { quotasOf, readQuota } from "./quota-settings.ts";

const cores = (cpu: number, more: Parameters<typeof sampleSpec>[0] = {}): JobSpec =>
  sampleSpec({ ...more, resources: { cpu: String(cpu), memory: "1Mb" } });

const harnessWith = (...quotas: readonly string[]) =>
  schedulerHarness({ nodes: nodesOf(4, 16), quotas: quotasOf(quotas) });

const messageOf = (job: TestJob): string => job.state()?.header.message ?? "";
const placedOf = (jobs: readonly TestJob[]): number => jobs.reduce((sum, job) => sum + job.nodeIds().length, 0);

describe("a namespace with a quota", () => {
  it.each([
    ["cpu=8", cores(1), 8, "uses 8 of its 8 CPU cores"],
    ["memory=3Mb", cores(1), 3, "uses 3000000 of its 3000000 bytes of memory"],
    ["jobs=2", cores(1), 2, "runs 2 of its 2 jobs"],
    ["cpu=100 jobs=5", cores(0.1), 5, "runs 5 of its 5 jobs"],
  ])("of %s runs no more, and the other jobs wait with the reason", async (quota, ...[spec, most, why]) => {
    const { submit, clock } = harnessWith(`team ${quota}`);
    const jobs = Array.from({ length: 12 }, () => submit({ ...spec, namespace: "team" }));
    const other = submit({ ...spec, namespace: "other" });
    await clock.settle();
    expect(jobs.filter((job) => job.summary() === "running")).toHaveLength(most);
    expect(jobs.filter((job) => job.summary() === "queued")).toHaveLength(12 - most);
    expect(messageOf(jobs[11] ?? other)).toBe(`namespace team ${why}`);
    expect(other.summary()).toBe("running");
  });

  it("starts the next job as soon as one has ended, in order of priority", async () => {
    const { submit, clock, complete } = harnessWith("* cpu=2");
    const jobs = [submit(cores(1)), submit(cores(1)), submit(cores(1)), submit(cores(1, { priority: 3 }))];
    await clock.settle();
    const [first] = jobs;
    if (first !== undefined) await complete(first);
    expect(jobs.map((job) => job.summary())).toEqual(["completed", "running", "queued", "running"]);
  });

  it("runs as many slots of one job as it allows, and all of them in the end", async () => {
    const { submit, clock, complete } = harnessWith("* cpu=3");
    const job = submit(cores(1, { count: 10 }));
    await clock.settle();
    expect(job.nodeIds()).toHaveLength(3);
    for (let round = 0; round < 4; round++) {
      expect(job.nodeIds().length).toBeLessThanOrEqual(3);
      await complete(job);
    }
    expect(job.summary()).toBe("completed");
  });

  it("counts what the other requesters report, for three seconds", async () => {
    const { submit, clock, scheduler } = harnessWith("* cpu=2");
    const use = { cpuCores: 1.5, memoryBytes: 0, gpus: 0, jobs: 1 };
    scheduler.onSummary({ requesterId: "r-2", queued: [], uses: { default: use } });
    const jobs = [submit(cores(1)), submit(cores(0.5))];
    await clock.settle();
    expect(jobs.map((job) => job.summary())).toEqual(["queued", "running"]);
    await clock.advance(3_000);
    scheduler.retryHeld();
    await clock.settle();
    expect(placedOf(jobs)).toBe(2);
  });

  it("refuses a job that is larger than the quota with what to do", async () => {
    const { submit, clock } = harnessWith("* cpu=2");
    const job = submit(cores(4));
    await clock.settle();
    expect(messageOf(job)).toContain("has a quota of 2 cpuCores, and one execution of the job needs 4");
  });

  it("of a stopped job that waited is free of it", async () => {
    const { submit, clock, complete, scheduler } = harnessWith("* cpu=1");
    const jobs = [submit(cores(1)), submit(cores(1)), submit(cores(1))];
    await clock.settle();
    const [first, second] = jobs;
    if (second !== undefined) scheduler.remove(second);
    if (first !== undefined) await complete(first);
    expect(jobs.map((job) => job.summary())).toEqual(["completed", "queued", "running"]);
  });
});

describe("a quota as text", () => {
  it("has a namespace and limits", () => {
    expect(readQuota("team-a cpu=1500m memory=1GiB gpu=1 jobs=20")).toEqual({
      ok: true,
      namespace: "team-a",
      quota: { cpuCores: 1.5, memoryBytes: 2 ** 30, gpus: 1, jobs: 20 },
    });
  });
  it.each([
    ["team", "expected cpu=<amount>, memory=<amount>, gpu=<amount>, jobs=<amount>"],
    ["team disk=3", 'got "disk=3"'],
    ["team cpu=many", '"many" is not an amount of CPU'],
    ["team jobs=1.5", '"1.5" is not a number of jobs'],
    ["a.b cpu=1", 'invalid namespace "a.b"'],
  ])("%s is refused", (text, why) => {
    expect(readQuota(text)).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });
});
