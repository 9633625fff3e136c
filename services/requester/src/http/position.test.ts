import { Agent, get as httpGet } from "node:http";
import { noStreamPosition } from "@shoal/core";
import { commitVersion, JobStopped, JobSubmitted, type StoredEvent, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness, harnessSpec } from "../testing/api-harness.ts";
import { completed, jobIdOf, jobRef, submitted } from "../testing/sample-jobs.ts";
import { positionHeader } from "./position.ts";

const root = "/api/v1/orchestrator";
let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
  await harness.api.start();
});
afterEach(async () => {
  await harness.close();
});

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await harness.app.inject({ url: `${root}${path}`, headers });
  return { status: response.statusCode, body: response.json(), position: Number(response.headers[positionHeader]) };
};
const at = (position: number) => ({ [positionHeader]: String(position) });
const states = (body: { Items: { ID: string; State: { StateType: string } }[] }) =>
  body.Items.map(({ ID, State }) => [ID, State.StateType]);

/** Appends to the log as another requester would, before any view follows. */
function appendUnseen(id: string, event: StoredEvent): number {
  const streamHead = harness.sim.log.load(jobRef(id), 0).at(-1) ?? noStreamPosition;
  const commit = {
    v: commitVersion,
    id: `unseen ${id}`,
    at: 1,
    by: "r-2",
    actor: { type: "requester", id: "r" },
    cause: { command: "test" },
    epoch: 0,
    prev: streamHead.hash,
  } as const;
  return harness.sim.log.append(jobRef(id), streamHead, { ...commit, events: [event] }).seq;
}

const stopUnseen = (id: string): number => appendUnseen(id, JobStopped.of({ why: "enough" }));

describe("the position of an answer", () => {
  it("is the commit's for a command, and the job's for a read of it", async () => {
    const answer = await harness.app.inject({
      method: "PUT",
      url: `${root}/jobs`,
      payload: { Job: { Type: "batch", Tasks: [{ Name: "main", Engine: { Type: "noop" } }] } },
    });
    const submitted = Number(answer.headers[positionHeader]);
    expect(submitted).toBe(harness.sim.log.entries.at(-1)?.seq);
    const { JobID: id } = answer.json();
    for (const path of ["", "/executions", "/history", "/versions", "/results"])
      expect((await get(`/jobs/${id}${path}`)).position, path).toBe(submitted);
    const stopped = await harness.app.inject({ method: "DELETE", url: `${root}/jobs/${id}` });
    expect(Number(stopped.headers[positionHeader])).toBe(harness.sim.log.entries.at(-1)?.seq);
    expect((await get(`/jobs/${id}/history`)).position).toBe(harness.sim.log.entries.at(-1)?.seq);
  });
  it("is at least that of every job on the page of a list", async () => {
    await completed(harness, jobIdOf(1));
    await submitted(harness, jobIdOf(2));
    await harness.catalog.caughtUp();
    expect((await get("/jobs")).position).toBe(harness.sim.log.entries.at(-1)?.seq);
  });
});

describe("a read that names a position", () => {
  it("returns everything up to it, although the view does not have it yet", async () => {
    await submitted(harness, jobIdOf(1));
    await harness.catalog.caughtUp();
    const position = stopUnseen(jobIdOf(1));
    expect(states((await get("/jobs")).body)).toEqual([[jobIdOf(1), "Pending"]]);
    const list = await get("/jobs", at(position));
    expect(states(list.body)).toEqual([[jobIdOf(1), "Stopped"]]);
    expect(list.position).toBe(position);
  });
  it("finds a new job by a prefix of its id", async () => {
    const id = jobIdOf(3);
    const position = appendUnseen(id, JobSubmitted.of({ jobId: id, spec: harnessSpec(), version: 1 }));
    expect((await get("/jobs/j-333333")).status).toBe(404);
    expect((await get("/jobs/j-333333", at(position))).body.Job.ID).toBe(id);
  });
  it.each(["x", "-1", "1.5", "1e3", "9".repeat(16), "1, 2"])("is refused for %j", async (text) => {
    const { status, body } = await get("/jobs", { [positionHeader]: text });
    expect({ status, message: body.Message }).toEqual({
      status: 400,
      message: expect.stringContaining("expected a whole number"),
    });
  });
  it("is refused when the log ends before it", async () => {
    const { status, body } = await get("/jobs", at(1_000_000));
    expect({ status, code: body.Code }).toEqual({ status: 400, code: "PositionAhead" });
  });
});

describe("a list without a position", () => {
  it("is not older than an earlier stop that the owner of its shard has decided", async () => {
    const ids = [jobIdOf(1), jobIdOf(2)];
    for (const id of ids) await submitted(harness, id);
    await harness.catalog.caughtUp();
    // The owner appends, and its view has not followed yet.
    const owner = harness.sim.requester("r-owner").commands;
    await owner.serve(shardOf(jobIdOf(1)), async ({ aggregate }) => ({
      ok: true,
      seq: stopUnseen(aggregate.id),
      changed: true,
    }));
    await harness.app.inject({ method: "DELETE", url: `${root}/jobs/${jobIdOf(1)}` });
    expect(states((await get("/jobs")).body)).toEqual([
      [jobIdOf(1), "Stopped"],
      [jobIdOf(2), "Pending"],
    ]);
  });
  it("is not older than an earlier read of one job at this requester", async () => {
    await submitted(harness, jobIdOf(1));
    await harness.catalog.caughtUp();
    stopUnseen(jobIdOf(1));
    expect(states((await get("/jobs")).body)).toEqual([[jobIdOf(1), "Pending"]]);
    await get(`/jobs/${jobIdOf(1)}/executions`);
    expect(states((await get("/jobs")).body)).toEqual([[jobIdOf(1), "Stopped"]]);
  });
});

describe("reads over one connection", () => {
  const over = (agent: Agent, path: string): Promise<{ position: number; body: string }> =>
    new Promise((resolve, reject) => {
      const request = httpGet(`${harness.api.url()}${root}${path}`, { agent }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          body += piece;
        });
        response.on("end", () => resolve({ position: Number(response.headers[positionHeader]), body }));
      });
      request.on("error", reject);
    });

  it("are not older than an earlier answer over it, also about other jobs", async () => {
    const [unread, read] = [jobIdOf(1), jobIdOf(2)];
    for (const id of [unread, read]) await submitted(harness, id, harnessSpec());
    await harness.catalog.caughtUp();
    stopUnseen(unread);
    const position = stopUnseen(read);
    const [one, other] = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: true, maxSockets: 1 })];
    expect((await over(one, `/jobs/${read}`)).position).toBe(position);
    const listed = async (agent: Agent) => states(JSON.parse((await over(agent, "/jobs")).body));
    expect(await listed(other)).toEqual([
      [unread, "Pending"],
      [read, "Stopped"],
    ]);
    expect(await listed(one)).toEqual([
      [unread, "Stopped"],
      [read, "Stopped"],
    ]);
    one.destroy();
    other.destroy();
  });
});
