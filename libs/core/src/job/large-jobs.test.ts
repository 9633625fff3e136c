import { commitBytes, JobSpec, JobStarted, JobSubmitted } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { JobRun } from "../testing/job-run.ts";
import {
  sampleAssigned,
  sampleJobId,
  sampleOutput,
  sampleReport,
  sampleResources,
  sampleSpec,
} from "../testing/samples.ts";
import type { JobCommand } from "./commands.ts";
import { decideJob } from "./decide.ts";
import { evolveJob, type JobEvent } from "./evolve.ts";
import type { Execution, Job } from "./job.ts";
import { jobLimits } from "./limits.ts";

const slotsMost = 10_000;

/** A job with this number of slots, all of them placed. */
function placed(count: number): JobRun {
  const run = new JobRun();
  run.give({ name: "Submit", jobId: sampleJobId, spec: sampleSpec({ count }) });
  placeAll(run);
  return run;
}

function placeAll(run: JobRun): void {
  for (;;) {
    const slots = run.react().slots.slice(0, jobLimits.placesPerCommit);
    if (slots.length === 0) return;
    const places = slots.map(({ slot }) => ({ slot, nodeId: "n-one", askId: "a-1", resources: sampleResources }));
    run.give({ name: "Place", places, answers: [] });
  }
}

const report = (run: JobRun, { placement }: Execution, kind: "stopped" | "completed"): readonly string[] =>
  run.give({
    name: "Report",
    nodeId: placement.nodeId,
    executionId: placement.executionId,
    report: sampleReport(kind === "stopped" ? { kind } : { kind, startedAt: 0, output: sampleOutput }),
  });

const inState = ({ live }: Job, state: Execution["state"]): readonly Execution[] =>
  [...live.values()].filter((execution) => execution.state === state);

/** A job of the most slots, of which every second one is on the same node, folded from one commit. */
function largest(): Job {
  const spec = sampleSpec({ count: slotsMost });
  const assigned = Array.from({ length: slotsMost }, (_, slot) =>
    sampleAssigned({ slot: `${slot}`, nodeId: slot % 2 === 0 ? "n-even" : "n-odd" }),
  );
  return folded(undefined, [JobSubmitted.of({ jobId: sampleJobId, spec, version: 1 }), ...assigned, JobStarted.of({})]);
}

function folded(before: Job | undefined, events: readonly JobEvent[]): Job {
  const moment = { at: 0, seq: 1, fresh: new Set<object>() };
  const job = events.reduce<Job | undefined>((state, event) => evolveJob(state, event, moment), before);
  if (job === undefined) throw new Error("expected a job");
  return job;
}

const eventsOf = (job: Job, command: JobCommand): readonly JobEvent[] => {
  const decision = decideJob(job, command, 0);
  if (!decision.ok) throw new Error(decision.rejection.why);
  return decision.events;
};

describe("a job of the most slots", () => {
  it("is stopped by one commit within its limit, however fragmented its live slots are", () => {
    const stop = { name: "Stop", why: "enough" } as const;
    const whole = largest();
    expect(JSON.stringify(eventsOf(whole, stop)).length).toBeLessThan(1_000);
    const half = folded(whole, eventsOf(whole, { name: "LoseNode", nodeId: "n-even", why: "it is gone" }));
    expect(half.live.size).toBe(slotsMost / 2);
    const events = eventsOf(half, stop);
    expect(events.map(({ type }) => type)).toEqual(["ExecutionsStopping", "JobStopped"]);
    expect(JSON.stringify(events).length).toBeLessThan(commitBytes.aim);
  });
  it("is the largest that a spec may have", () => {
    const asked = { ...sampleSpec(), count: slotsMost + 1 };
    expect(JobSpec.safeParse(asked).error?.message).toContain("expected at most 10000 partitions");
    expect(JobSpec.safeParse({ ...asked, count: slotsMost }).success).toBe(true);
  });
});

describe("an update of a large batch job", () => {
  it("stops the executions of the version before in bounded steps, and replaces all of them", () => {
    const count = 3 * jobLimits.stoppingAtOnce + 7;
    const run = placed(count);
    run.give({ name: "Update", spec: { ...run.job.header.spec, priority: 5 }, force: false });
    let steps = 0;
    for (; inState(run.job, "stopping").length > 0; steps++) {
      const stopping = inState(run.job, "stopping");
      expect(stopping.length).toBeLessThanOrEqual(jobLimits.stoppingAtOnce);
      for (const execution of stopping) report(run, execution, "stopped");
      for (const command of run.react().commands) run.give(command);
      placeAll(run);
    }
    expect(steps).toBe(4);
    expect([...run.job.live.values()].map(({ placement }) => placement.version)).toEqual(
      Array.from({ length: count }, () => 2),
    );
  });
  it("does not wait for an execution that completes before it was stopped", () => {
    const run = placed(jobLimits.stoppingAtOnce + 1);
    run.give({ name: "Rerun", version: 0, why: "again" });
    const [last] = inState(run.job, "assigned");
    if (last === undefined) throw new Error("expected one that is not stopping");
    report(run, last, "completed");
    placeAll(run);
    expect(run.job.slots.get(last.placement.slot)).toMatchObject({ isLive: true, attempts: 1 });
    expect(run.react().commands).toEqual([]);
  });
  it("that is stopped meanwhile stops all of them at once", () => {
    const run = placed(jobLimits.stoppingAtOnce * 2);
    run.give({ name: "Rerun", version: 0, why: "again" });
    run.give({ name: "Stop", why: "enough" });
    expect(inState(run.job, "stopping")).toHaveLength(jobLimits.stoppingAtOnce * 2);
  });
});
