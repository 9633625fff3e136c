import { readConfig } from "@shoal/core";
import { JobSpec, jobTypes } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { RequesterConfig } from "../config.ts";
import { withDefaults } from "./job-defaults.ts";

const specOf = (type: JobSpec["type"], task: object = {}, more: object = {}): JobSpec =>
  JobSpec.parse({ type, tasks: [{ engine: { type: "noop" }, ...task }], ...more });

const defaultsOf = (flags: Record<string, unknown>) =>
  readConfig(RequesterConfig, { env: {}, flags: { "jobDefaults.executionTimeoutMs": 0, ...flags } }).jobDefaults;

const all = (type: string): Record<string, unknown> => ({
  [`jobDefaults.${type}.priority`]: 7,
  [`jobDefaults.${type}.cpu`]: "250m",
  [`jobDefaults.${type}.memory`]: "1GiB",
  [`jobDefaults.${type}.disk`]: "2GB",
  [`jobDefaults.${type}.gpu`]: "1",
  [`jobDefaults.${type}.publisher`]: "s3",
  [`jobDefaults.${type}.publisherParams`]: "Bucket=b,Key=a=b",
  [`jobDefaults.${type}.executionTimeout`]: 10,
  [`jobDefaults.${type}.queueTimeout`]: 20,
  [`jobDefaults.${type}.totalTimeout`]: 30,
});

describe.each(jobTypes)("the defaults of %s jobs", (type) => {
  it("fill what a job does not set, and nothing of the other types", () => {
    const filled = withDefaults(specOf(type), defaultsOf(all(type)));
    expect(filled.priority).toBe(7);
    expect(filled.tasks[0]).toMatchObject({
      resources: { cpu: "250m", memory: "1GiB", disk: "2GB", gpu: "1" },
      publisher: { type: "s3", params: { Bucket: "b", Key: "a=b" } },
      timeouts: { executionTimeout: 10, queueTimeout: 20, totalTimeout: 30 },
    });
    expect(JobSpec.safeParse(filled).success).toBe(true);
    for (const other of jobTypes)
      if (other !== type)
        expect(withDefaults(specOf(other), defaultsOf(all(type)))).toEqual(withDefaults(specOf(other)));
  });
  it("change nothing that a job sets", () => {
    const task = {
      resources: { cpu: "1", memory: "1Mb", disk: "1Mb", gpu: "2" },
      publisher: { type: "local" },
      timeouts: { executionTimeout: 1, queueTimeout: 2, totalTimeout: 3 },
    };
    const spec = specOf(type, task, { priority: -1 });
    expect(withDefaults(spec, defaultsOf(all(type)))).toEqual(withDefaults(spec));
  });
});

describe("the default timeouts", () => {
  it.each([
    ["a total timeout of the job", { totalTimeout: 25 }, { executionTimeout: 0, queueTimeout: 20, totalTimeout: 25 }],
    ["a short total timeout", { totalTimeout: 5 }, { executionTimeout: 0, queueTimeout: 0, totalTimeout: 5 }],
    ["a long execution", { executionTimeout: 99 }, { executionTimeout: 99, queueTimeout: 20, totalTimeout: 0 }],
  ])("leave a valid spec with %s", (_what, timeouts, expected) => {
    const filled = withDefaults(specOf("batch", { timeouts }), defaultsOf(all("batch")));
    expect(filled.tasks[0]?.timeouts).toEqual(expected);
    expect(JobSpec.safeParse(filled).success).toBe(true);
  });
  it("of a type with a total timeout need no other", () => {
    const defaults = defaultsOf({ "jobDefaults.executionTimeoutMs": 90_000, "jobDefaults.ops.totalTimeout": 30 });
    const timeouts = { executionTimeout: 0, queueTimeout: 0, totalTimeout: 30 };
    expect(withDefaults(specOf("ops"), defaults).tasks[0]?.timeouts).toEqual(timeouts);
  });
});

describe("jobDefaults", () => {
  it.each([
    [{ "jobDefaults.ops.cpu": "many" }, /"many" is not an amount of CPU/],
    [{ "jobDefaults.batch.publisherParams": "Bucket" }, /expected key=value/],
    [{ "jobDefaults.batch.queueTimeout": 9, "jobDefaults.batch.totalTimeout": 5 }, /expected at least .*\(9\), got 5/],
  ])("refuses %j", (flags, why) => {
    expect(() => defaultsOf(flags)).toThrow(why);
  });
});
