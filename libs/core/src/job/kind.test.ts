import { JobStarted, JobSubmitted } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { kinds } from "../kinds.ts";
import { registry } from "../registry.ts";
import { sampleJobId, sampleSpec } from "../testing/samples.ts";
import { batch } from "./job-types/batch.ts";
import type { JobType } from "./job-types/job-type.ts";
import { createJobKind, jobKind } from "./kind.ts";

describe("the feature level that a job's event needs", () => {
  const submitted = JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec(), version: 1 });
  it("is that of the job's type, and the first for all others", () => {
    const ofRelease = createJobKind(registry<JobType>("job type", [{ ...batch, since: 3 }]));
    expect(ofRelease.levelOf?.(submitted)).toBe(3);
    expect(ofRelease.levelOf?.(JobStarted.of({}))).toBe(1);
    expect(jobKind.levelOf?.(submitted)).toBe(1);
  });
  it("is the first for a job type of a later release, which is refused elsewhere", () => {
    const none = createJobKind(registry<JobType>("job type", []));
    expect(none.levelOf?.(submitted)).toBe(1);
  });
});

it("jobs and secrets belong to a namespace, and a node to none", () => {
  expect(kinds.parts.map(({ name, isNamespaced }) => [name, isNamespaced])).toEqual([
    ["job", true],
    ["node", false],
    ["secret", true],
  ]);
});

it("others may stop, update, rerun and preempt a job, with a reason of limited length, and command nothing else", () => {
  expect(Object.keys(jobKind.accepts)).toEqual(["Stop", "Update", "Rerun", "Preempt"]);
  const stop = (why: string) => jobKind.accepts["Stop"]?.safeParse({ name: "Stop", why }).success;
  expect(stop("x".repeat(4_096))).toBe(true);
  expect(stop("x".repeat(4_097))).toBe(false);
  expect(jobKind.accepts["Stop"]?.safeParse({ name: "Tick", why: "" }).success).toBe(false);
  expect(jobKind.creates).toEqual(["Submit"]);
});
