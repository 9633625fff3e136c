import { ExecutionAssigned, executionIdOf, JobStarted } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness, harnessSpec } from "../testing/api-harness.ts";
import { completed, jobIdOf, jobRef, running, steps, submitted } from "../testing/sample-jobs.ts";

const jobs = "/api/v1/orchestrator/jobs";
const spec = (more: object = {}) => ({
  Name: "web",
  Type: "batch",
  Tasks: [{ Name: "main", Engine: { Type: "noop" } }],
  ...more,
});

let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

async function put(url: string, payload?: object) {
  const response = await harness.app.inject({ method: "PUT", url, ...(payload === undefined ? {} : { payload }) });
  return { status: response.statusCode, body: response.json() };
}
const jobOf = async (id: string) => (await harness.app.inject({ url: `${jobs}/${id}` })).json().Job;
const versionsOf = async (id: string) => (await harness.app.inject({ url: `${jobs}/${id}/versions` })).json().Items;

describe("a diff", () => {
  const diff = (job: object) => put(`${jobs}/diff`, { Job: job });
  it("has the lines that an update would remove and add, and is empty without a change", async () => {
    await put(jobs, { Job: spec({ Priority: 1 }) });
    const { status, body } = await diff(spec({ Priority: 2 }));
    expect(status).toBe(200);
    const changed = String(body.Diff)
      .split("\n")
      .filter((line) => /^[-+]/.test(line));
    expect(changed).toEqual([expect.stringMatching(/^-.*"Priority": 1/), expect.stringMatching(/^\+.*"Priority": 2/)]);
    expect((await diff(spec({ Priority: 1 }))).body.Diff).toBe("");
  });
  it("stores nothing", async () => {
    await put(jobs, { Job: spec() });
    const before = harness.sim.log.entries.length;
    await diff(spec({ Priority: 2 }));
    expect(harness.sim.log.entries).toHaveLength(before);
  });
  it("is refused for a job without a name, an unknown job, and an invalid one", async () => {
    expect(await diff(spec({ Name: "" }))).toMatchObject({
      status: 400,
      body: { Message: expect.stringContaining("Name") },
    });
    expect(await diff(spec())).toMatchObject({ status: 404, body: { Code: "NotFound" } });
    expect(await diff(spec({ Count: -1 }))).toMatchObject({ status: 400 });
  });
});

describe("an update", () => {
  it("has the id of its name's job and the next version, and every version is listed", async () => {
    const first = (await put(jobs, { Job: spec() })).body;
    const second = (await put(jobs, { Job: spec({ Priority: 2 }) })).body;
    expect(second.JobID).toBe(first.JobID);
    expect(await jobOf(first.JobID)).toMatchObject({ Version: 2, Priority: 2 });
    expect(await versionsOf(first.JobID)).toMatchObject([
      { Version: 1, Priority: 0 },
      { Version: 2, Priority: 2 },
    ]);
  });
  it("without a change is refused with the flag that forces it", async () => {
    const { JobID } = (await put(jobs, { Job: spec() })).body;
    expect(await put(jobs, { Job: spec() })).toMatchObject({
      status: 409,
      body: {
        Message: expect.stringContaining(`no changes detected for new job spec: Job Name: 'web', Job Id: '${JobID}'`),
        Hint: expect.stringContaining("--force"),
      },
    });
    expect((await put(jobs, { Job: spec(), Force: true })).status).toBe(200);
    expect(await jobOf(JobID)).toMatchObject({ Version: 2 });
  });
});

describe("a rerun", () => {
  it("is the next version of the job, with an evaluation", async () => {
    const id = await completed(harness, jobIdOf(1));
    const { status, body } = await put(`${jobs}/${id}/rerun`, { JobVersion: 1, Reason: "again" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ JobID: id, JobVersion: 2, EvaluationID: expect.stringMatching(/./), Warnings: [] });
    expect(await jobOf(id)).toMatchObject({ Version: 2, State: { StateType: "Pending" } });
  });
  it("may be of a job that runs, without a body", async () => {
    const id = await running(harness, jobIdOf(1));
    expect((await put(`${jobs}/${id}/rerun`)).status).toBe(200);
    expect(await jobOf(id)).toMatchObject({ Version: 2 });
  });
  it("is refused of a job that has not run, with a reason and a hint, and of an unknown version", async () => {
    const pending = await submitted(harness, jobIdOf(1), harnessSpec());
    const { status, body } = await put(`${jobs}/${pending}/rerun`);
    expect({ status, code: body.Code }).toEqual({ status: 409, code: "ConflictJobState" });
    expect(body.Message).toContain("cannot rerun job in state pending");
    expect(body.Hint).not.toBe("");
    const ended = await completed(harness, jobIdOf(2));
    const unknown = await put(`${jobs}/${ended}/rerun`, { JobVersion: 7 });
    expect(unknown).toMatchObject({
      status: 404,
      body: { Message: expect.stringContaining("job version 7 not found") },
    });
  });
});

describe("executions and history of a job with two versions", () => {
  it.each([
    ["of the latest by default", "", [2]],
    ["of one version", "?job_version=1", [1]],
    ["of all", "?all_job_versions=true", [1, 2]],
  ])("are %s", async (_, query, expected) => {
    const id = await completed(harness, jobIdOf(1));
    await put(`${jobs}/${id}/rerun`);
    const executionId = executionIdOf({ jobId: id, version: 2, slot: "0", attempt: 1 });
    await harness.emit(
      jobRef(id),
      ExecutionAssigned.of({ ...steps.assigned(id).data, executionId, version: 2 }),
      JobStarted.of({}),
    );
    const get = async (what: string) =>
      (await harness.app.inject({ url: `${jobs}/${id}/${what}${query}` })).json().Items;
    const versions = (items: readonly { JobVersion: number }[]) => [
      ...new Set(items.map(({ JobVersion }) => JobVersion)),
    ];
    expect(versions(await get("executions")).sort()).toEqual(expected);
    expect(versions(await get("history"))).toEqual(expected);
  });
});
