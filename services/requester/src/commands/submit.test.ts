import { foldJob, kinds } from "@shoal/core";
import { createSimulatedCluster, drive } from "@shoal/core/testing";
import { JobSpec } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDispatcher } from "../owner/dispatcher.ts";
import { type Commands, createCommands } from "./commands.ts";
import { namedJobId } from "./ids.ts";
import { type JobDefaults, withDefaults } from "./job-defaults.ts";

const specOf = (more: object = {}) => JobSpec.parse({ type: "batch", ...more, tasks: [{ engine: { type: "noop" } }] });
const fromRequester = (id: string, more: object = {}) =>
  specOf({ ...more, meta: { "bacalhau.org/requester.id": id, "server.instance.id": id } });

const actor = { type: "client", id: "test" } as const;

/** The commands of a requester that owns nothing. */
function commandsOf(by: string, jobDefaults?: JobDefaults): Commands {
  const ports = sim.requester(by);
  const dispatcher = createDispatcher({ ports, kinds, by, local: () => undefined, onAppended: () => {} });
  return createCommands({ dispatcher, random: ports.random, jobDefaults });
}

let sim: ReturnType<typeof createSimulatedCluster>;
let driving: { stop(): void };
let one: Commands;
let other: Commands;
beforeEach(() => {
  sim = createSimulatedCluster({ seed: "submit" });
  driving = drive(sim.clock);
  one = commandsOf("r-1");
  other = commandsOf("r-2");
});
afterEach(() => driving.stop());

describe("submitting without timeouts", () => {
  const timeouts = { executionTimeout: 0, queueTimeout: 0, totalTimeout: 0 };
  /** The timeouts that a job has in the log, with 90.5 s as this cluster's default for executions. */
  async function stored(more: object, own: object = {}) {
    const ports = sim.requester("r-9");
    const jobDefaults = { executionTimeoutMs: 90_500 };
    const commands = commandsOf("r-9", jobDefaults);
    const spec = JobSpec.parse({ type: "batch", ...more, tasks: [{ engine: { type: "noop" }, timeouts: own }] });
    const { jobId } = await commands.submit({ spec, actor });
    const job = foldJob(await ports.log.load({ kind: "job", namespace: "default", id: jobId }));
    return job?.header.spec.tasks[0]?.timeouts;
  }

  it("gives each execution of a batch job the cluster's time", async () => {
    expect(await stored({})).toEqual({ ...timeouts, executionTimeout: 91 });
  });
  it.each([
    ["ops", 91],
    ["service", 0],
    ["daemon", 0],
  ])("sets a timeout only for jobs that end by themselves: %s", (type, executionTimeout) => {
    const { tasks } = withDefaults(specOf({ type }), { executionTimeoutMs: 90_500 });
    expect(tasks[0]?.timeouts).toEqual({ ...timeouts, executionTimeout });
  });
  it.each([{ executionTimeout: 5 }, { totalTimeout: 7 }])("retains the job's own timeouts: %o", async (own) => {
    expect(await stored({}, own)).toEqual({ ...timeouts, ...own });
  });
  it("sets no timeout when the setting is 0", async () => {
    const { jobId } = await one.submit({ spec: specOf(), actor });
    const job = foldJob(await sim.requester("r-9").log.load({ kind: "job", namespace: "default", id: jobId }));
    expect(job?.header.spec.tasks[0]?.timeouts).toEqual(timeouts);
  });
});

describe("submitting with a token", () => {
  it("finds the first one's job also through another requester", async () => {
    const first = await one.submit({ spec: fromRequester("r-1"), token: "t", actor });
    const second = await other.submit({ spec: fromRequester("r-2"), token: "t", actor });
    expect(first.existed).toBe(false);
    expect(second).toEqual({ ...first, existed: true });
  });
  it("refuses another spec under the same token", async () => {
    await one.submit({ spec: specOf(), token: "t", actor });
    await expect(one.submit({ spec: specOf({ count: 2 }), token: "t", actor })).rejects.toThrow(/another spec/);
  });
  it("derives the id from the name, and recognizes a repeated request", async () => {
    const first = await one.submit({ spec: specOf({ name: "mine" }), token: "t", actor });
    expect(first.jobId).toBe(namedJobId("default", "mine"));
    expect(await one.submit({ spec: specOf({ name: "mine" }), token: "t", actor })).toMatchObject({
      existed: true,
    });
    const unchanged = { code: "JOB_UNCHANGED" };
    await expect(one.submit({ spec: specOf({ name: "mine" }), token: "u", actor })).rejects.toMatchObject(unchanged);
    await expect(one.submit({ spec: specOf({ name: "mine" }), actor })).rejects.toMatchObject(unchanged);
  });
  it("updates the job of its name, once for each token", async () => {
    const { jobId } = await one.submit({ spec: specOf({ name: "mine" }), token: "t", actor });
    const changed = { spec: specOf({ name: "mine", priority: 7 }), token: "u", actor };
    const updated = await one.submit(changed);
    expect(updated.jobId).toBe(jobId);
    expect(await one.submit(changed)).toEqual(updated);
    const log = sim.requester("r-9").log;
    const job = foldJob(await log.load({ kind: "job", namespace: "default", id: jobId }));
    expect(job?.header).toMatchObject({ version: 2, spec: { priority: 7 } });
    await one.submit({ ...changed, token: "v", force: true });
    await one.rerun(jobId, { version: 0, why: "again", actor }).catch((failure: unknown) => {
      expect(failure).toMatchObject({ code: "ILLEGAL_TRANSITION" });
    });
  });
});
