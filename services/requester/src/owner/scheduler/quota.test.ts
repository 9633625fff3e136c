import { sampleSpec } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { nodesOf, schedulerHarness, type TestJob } from "../../testing/scheduler-harness.ts";
import { quotasOf, readQuota } from "./quota-settings.ts";

const reserveAfterMs = 30_000;

const cores = (cpu: number, more: Parameters<typeof sampleSpec>[0] = {}): JobSpec =>
  sampleSpec({ ...more, resources: { cpu: String(cpu), memory: "1Mb" } });

const harnessWith = (...quotas: readonly string[]) =>
  schedulerHarness({
    nodes: nodesOf(4, 16),
    quotas: quotasOf(quotas),
    auction: { width: 3, rounds: 8, waitMs: 300, reserveAfterMs },
  });

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
    scheduler.onSummary({ requesterId: "r-2", queued: [], uses: { default: use }, held: {} });
    const jobs = [submit(cores(1)), submit(cores(0.5))];
    await clock.settle();
    expect(jobs.map((job) => job.summary())).toEqual(["queued", "running"]);
    await clock.advance(3_000);
    scheduler.retryHeld();
    await clock.settle();
    expect(placedOf(jobs)).toBe(2);
  });

  it("keeps the quota for a large job that has waited for 30 s, and lets small ones pass until then", async () => {
    const { submit, clock, complete } = harnessWith("* cpu=8");
    const small = Array.from({ length: 4 }, () => submit(cores(2)));
    const large = submit(cores(8));
    await clock.settle();
    const [first, second, ...others] = small;
    if (first !== undefined) await complete(first);
    const early = submit(cores(2));
    await clock.settle();
    expect([large, early].map((job) => job.summary())).toEqual(["queued", "running"]);
    await clock.advance(reserveAfterMs);
    if (second !== undefined) await complete(second);
    const late = submit(cores(2));
    await clock.settle();
    expect(late.summary()).toBe("queued");
    expect(messageOf(late)).toBe(`namespace default keeps its quota for ${large.ref.id}, which has waited longer`);
    for (const job of [...others, early]) await complete(job);
    expect([large, late].map((job) => job.summary())).toEqual(["running", "queued"]);
    await complete(large);
    expect(late.summary()).toBe("running");
  });

  it("is kept for no job that is larger than the quota, nor against one of higher priority or of another resource", async () => {
    const { submit, clock } = harnessWith("* cpu=8 gpu=1");
    submit(cores(9));
    submit(cores(6));
    const waiting = submit(cores(4));
    await clock.advance(reserveAfterMs);
    const jobs = [submit(cores(2)), submit(cores(2, { priority: 1 }))];
    await clock.settle();
    expect(waiting.summary()).toBe("queued");
    expect(jobs.map((job) => job.summary())).toEqual(["queued", "running"]);
  });

  it("stays kept while no node has room for the job, for ten minutes", async () => {
    const { submit, clock, complete } = schedulerHarness({
      nodes: nodesOf(1, 8),
      quotas: quotasOf(["team cpu=8"]),
      auction: { width: 3, rounds: 8, waitMs: 300, reserveAfterMs },
    });
    const first = submit({ ...cores(4), namespace: "team" });
    submit(cores(4));
    const large = submit({ ...cores(8), namespace: "team" });
    await clock.advance(reserveAfterMs);
    await complete(first);
    const small = submit({ ...cores(1), namespace: "team" });
    await clock.settle();
    expect(messageOf(small)).toContain("keeps its quota for");
    await clock.advance(600_000);
    expect([large, small].map((job) => job.summary())).toEqual(["queued", "running"]);
  });

  it("is kept for ten minutes from a job's turn on, however long the jobs before it took", async () => {
    const { submit, clock, complete, scheduler } = harnessWith("* cpu=8");
    const running = submit(cores(8));
    const before = [submit(cores(6)), submit(cores(2))];
    const large = submit(cores(8));
    await clock.advance(reserveAfterMs + 540_000);
    await complete(running);
    await clock.advance(300_000);
    for (const job of before.slice(1)) await complete(job);
    const small = submit(cores(2));
    await clock.settle();
    expect(messageOf(small)).toContain(`keeps its quota for ${large.ref.id}`);
    await clock.advance(600_000);
    scheduler.retryHeld();
    await clock.settle();
    expect([large, small].map((job) => job.summary())).toEqual(["queued", "running"]);
  });

  it("is kept for a job of another requester that comes before, and not for one that comes later", async () => {
    const { submit, clock, scheduler } = harnessWith("* cpu=8");
    const use = { cpuCores: 8, memoryBytes: 0, gpus: 0, jobs: 1 };
    const held = (since: number) => ({ default: { jobId: "j-other", priority: 0, since, use } });
    scheduler.onSummary({ requesterId: "r-2", queued: [], uses: {}, held: held(0) });
    const job = submit(cores(1));
    await clock.settle();
    expect(job.summary()).toBe("queued");
    scheduler.onSummary({ requesterId: "r-2", queued: [], uses: {}, held: held(Number.MAX_SAFE_INTEGER) });
    scheduler.retryHeld();
    await clock.settle();
    expect(job.summary()).toBe("running");
  });

  it("reports the job for which it is kept to the other requesters", async () => {
    const { submit, clock, scheduler } = harnessWith("* cpu=8");
    submit(cores(6));
    const large = submit(cores(8));
    await clock.settle();
    expect(scheduler.summary().held).toEqual({});
    await clock.advance(reserveAfterMs);
    expect(scheduler.summary().held).toMatchObject({ default: { jobId: large.ref.id, use: { cpuCores: 8, jobs: 1 } } });
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
