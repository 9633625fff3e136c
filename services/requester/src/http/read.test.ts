import { sampleHeartbeat, sampleInfo } from "@shoal/core/testing";
import { JobFailed, JobStopped, NodeDisconnected, NodeJoined } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { namedJobId } from "../commands/ids.ts";
import { type ApiHarness, apiHarness, harnessSpec } from "../testing/api-harness.ts";
import { completed, executionOf, jobIdOf, jobRef, running, steps, submitted } from "../testing/sample-jobs.ts";

const root = "/api/v1/orchestrator";
let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

const get = async (path: string, query: Record<string, string> = {}) => {
  const response = await harness.app.inject({ url: `${root}${path}`, query });
  return { status: response.statusCode, body: response.json() };
};
const idsOf = (body: { Items: { ID: string }[] }) => body.Items.map(({ ID }) => ID);

describe("one job", () => {
  it("is found by its id, its name and a prefix of its id", async () => {
    const named = namedJobId("ns", "a b/c");
    await submitted(harness, named, harnessSpec({ namespace: "ns", name: "a b/c" }));
    await harness.catalog.caughtUp();
    for (const called of [named, named.slice(0, 10)]) expect((await get(`/jobs/${called}`)).body.Job.ID).toBe(named);
    expect((await get(`/jobs/${encodeURIComponent("a b/c")}`, { namespace: "ns" })).body.Job).toMatchObject({
      ID: named,
      Name: "a b/c",
    });
    expect((await get(`/jobs/${encodeURIComponent("a b/c")}`)).status).toBe(404);
  });
  it("is not chosen when several jobs have the prefix", async () => {
    await submitted(harness, jobIdOf(1));
    await submitted(harness, "j-11111112-0000-4000-8000-000000000000");
    await harness.catalog.caughtUp();
    const { status, body } = await get("/jobs/j-111");
    expect({ status, code: body.Code }).toEqual({ status: 409, code: "MultipleJobsFound" });
  });
  it("that does not exist is answered with 404", async () => {
    const { status, body } = await get("/jobs/j-0");
    expect({ status, code: body.Code }).toEqual({ status: 404, code: "NotFound" });
    expect(body.Message).toContain("j-0");
    expect(body.Hint).not.toBe("");
  });
  it("is read from the log, not from a view that may be behind", async () => {
    const id = await running(harness, jobIdOf(1));
    harness.sim.log.append(jobRef(id), harness.sim.log.entries.at(-1) ?? { seq: 0, hash: "" }, {
      ...(harness.sim.log.entries.at(-1)?.commit ?? expect.unreachable()),
      id: "unseen",
      prev: harness.sim.log.entries.at(-1)?.hash ?? "",
      events: [JobStopped.of({ why: "enough" })],
    });
    expect((await get(`/jobs/${id}`)).body.Job.State).toMatchObject({ StateType: "Stopped", Message: "enough" });
  });
  it("comes with its executions and its history when they are requested", async () => {
    const id = await completed(harness, jobIdOf(1));
    const plain = (await get(`/jobs/${id}`)).body;
    expect(plain).not.toHaveProperty("Executions");
    const { body } = await get(`/jobs/${id}`, { include: "executions,history" });
    expect(body.Executions.Items).toHaveLength(1);
    expect(body.History.Items[0]).toMatchObject({ SeqNum: 1, Type: "JobLevel", Event: { Topic: "Submission" } });
  });
  it("returns its versions", async () => {
    const id = await submitted(harness, jobIdOf(1));
    expect((await get(`/jobs/${id}/versions`)).body.Items).toMatchObject([{ ID: id, Version: 1 }]);
    const { status, body } = await get(`/jobs/${id}`, { job_version: "2" });
    expect({ status, message: body.Message }).toEqual({
      status: 404,
      message: expect.stringContaining("job version 2 not found"),
    });
  });
  it("has times in nanoseconds", async () => {
    const id = await submitted(harness, jobIdOf(1));
    expect((await get(`/jobs/${id}`)).body.Job.CreateTime).toBe((harness.sim.log.entries[0]?.commit.at ?? 0) * 1e6);
  });
});

describe("executions", () => {
  it("have states as integers, and their output under Bacalhau's keys", async () => {
    const id = await completed(harness, jobIdOf(1));
    const { Items, NextToken } = (await get(`/jobs/${id}/executions`)).body;
    expect(NextToken).toBe("");
    expect(Items).toMatchObject([
      {
        ID: executionOf(id),
        NodeID: "n-one",
        ComputeState: { StateType: 9 },
        DesiredState: { StateType: 1 },
        RunOutput: { Stdout: "hello\n", stderr: "", ExitCode: 0 },
      },
    ]);
    expect(Items[0]).not.toHaveProperty("PartitionIndex");
  });
  it("come in pages and in order", async () => {
    const id = await running(harness, jobIdOf(1));
    await harness.emit(jobRef(id), steps.failed(id));
    await harness.emit(jobRef(id), steps.assigned(id, 2));
    const first = (await get(`/jobs/${id}/executions`, { limit: "1", reverse: "True", order_by: "created_at" })).body;
    expect(first.NextToken).not.toBe("");
    const second = (await get(`/jobs/${id}/executions`, { limit: "1", next_token: first.NextToken })).body;
    expect(second.NextToken).toBe("");
    expect(new Set([...idsOf(first), ...idsOf(second)]).size).toBeGreaterThanOrEqual(1);
    expect((await get(`/jobs/${id}/executions`)).body.Items).toHaveLength(2);
  });
});

describe("history", () => {
  it("always has a next page while the job runs, and none after the last entry", async () => {
    const id = await running(harness, jobIdOf(1));
    const first = (await get(`/jobs/${id}/history`)).body;
    expect(first.Items.length).toBeGreaterThan(2);
    const empty = (await get(`/jobs/${id}/history`, { next_token: first.NextToken })).body;
    expect(empty).toEqual({ Items: [], NextToken: first.NextToken });
    await harness.emit(jobRef(id), steps.completed(id), JobFailed.of({ code: "INTERNAL", why: "x" }));
    const rest = (await get(`/jobs/${id}/history`, { next_token: empty.NextToken })).body;
    expect(rest.Items).toHaveLength(2);
    expect(rest.NextToken).toBe("");
  });
  it.each([
    ["v1.4.2", true],
    ["v1.10.0", false],
    ["v0.0.0", false],
    ["", false],
  ])("has a state for clients that fail without one: %j %s", async (version, states) => {
    const id = await running(harness, jobIdOf(1));
    const headers = { "x-bacalhau-git-version": version };
    const { Items } = (await harness.app.inject({ url: `${root}/jobs/${id}/history`, headers })).json();
    expect("JobState" in Items[0]).toBe(states);
  });
  it("pages through everything once, in order", async () => {
    const id = await completed(harness, jobIdOf(1));
    const seen: number[] = [];
    let token = "";
    do {
      const page = (await get(`/jobs/${id}/history`, { limit: "2", next_token: token })).body;
      seen.push(...page.Items.map(({ SeqNum }: { SeqNum: number }) => SeqNum));
      token = page.NextToken;
    } while (token !== "");
    expect(seen).toEqual(seen.map((_, index) => index + 1));
    expect(seen.length).toBeGreaterThan(4);
  });
  it.each([
    ["event_type=job", (item: { Type: string }) => item.Type === "JobLevel"],
    ["event_type=execution", (item: { Type: string }) => item.Type === "ExecutionLevel"],
    ["execution_id=PREFIX", (item: { Type: string }) => item.Type === "ExecutionLevel"],
  ])("is filtered by %s", async (query, holds) => {
    const id = await completed(harness, jobIdOf(1));
    const asked = Object.fromEntries(new URLSearchParams(query.replace("PREFIX", executionOf(id).slice(0, 10))));
    const { Items } = (await get(`/jobs/${id}/history`, asked)).body;
    expect(Items.length).toBeGreaterThan(0);
    expect(Items.every(holds)).toBe(true);
    expect(Items.length).toBeLessThan((await get(`/jobs/${id}/history`)).body.Items.length);
  });
});

describe("lists of jobs", () => {
  beforeEach(async () => {
    for (const digit of [1, 2, 3, 4]) {
      const labels = digit % 2 === 0 ? { team: "x" } : { team: "y", rare: "1" };
      await submitted(harness, jobIdOf(digit), harnessSpec({ namespace: digit === 4 ? "other" : "default", labels }));
      await harness.pass(5);
    }
    await harness.catalog.caughtUp();
  });
  it.each([
    [{}, [1, 2, 3, 4]],
    [{ reverse: "true" }, [4, 3, 2, 1]],
    [{ namespace: "default" }, [1, 2, 3]],
    [{ namespace: "*" }, [1, 2, 3, 4]],
    [{ namespace: "" }, [1, 2, 3, 4]],
    [{ labels: "team=x" }, [2, 4]],
    [{ labels: "team in (x,y),!rare", order_by: "modified_at" }, [2, 4]],
    [{ labels: "bacalhau_canary!=true" }, [1, 2, 3, 4]],
    [{ limit: "2" }, [1, 2]],
  ])("with %j", async (query, digits) => {
    expect(idsOf((await get("/jobs", query)).body)).toEqual(digits.map(jobIdOf));
  });
  it("continue after a token, which overrides the query", async () => {
    const first = (await get("/jobs", { limit: "3", reverse: "1" })).body;
    const second = (await get("/jobs", { limit: "100", next_token: first.NextToken })).body;
    expect([...idsOf(first), ...idsOf(second)]).toEqual([4, 3, 2, 1].map(jobIdOf));
    expect(second.NextToken).toBe("");
  });
  it.each([
    { order_by: "id" },
    { reverse: "maybe" },
    { limit: "x" },
    { limit: "-1" },
    { labels: "a==b==c" },
    { next_token: "junk" },
  ])("refuse %j with a reason", async (query) => {
    const { status, body } = await get("/jobs", query);
    expect({ status, code: body.Code }).toEqual({ status: 400, code: "BadRequest" });
    expect(body.Message.length).toBeGreaterThan(20);
  });
});

describe("results", () => {
  it("in the object store become links to this API; others stay as they are", async () => {
    const inStore = await completed(harness, jobIdOf(1), {
      type: "nats",
      params: { Bucket: "results-n-one", Object: "e.tar.gz" },
    });
    const others = await completed(harness, jobIdOf(2), { type: "urlDownload", params: { URL: "http://n:1/x?a&b" } });
    const none = await completed(harness, jobIdOf(3));
    const response = await harness.app.inject({
      url: `${root}/jobs/${inStore}/results`,
      headers: { host: "localhost:4321" },
    });
    expect(response.json().Items).toEqual([
      { Type: "urlDownload", Params: { URL: `http://localhost:4321${root}/results/n-one/e.tar.gz` } },
    ]);
    expect((await get(`/jobs/${others}/results`)).body.Items).toEqual([
      { Type: "urlDownload", Params: { URL: "http://n:1/x?a&b" } },
    ]);
    expect((await get(`/jobs/${none}/results`)).body.Items).toEqual([]);
  });
  it.each(["/results/n-one/..%2fsecret", "/results/n.one/x", "/results/n-one/.hidden"])(
    "never read %s",
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

describe("nodes", () => {
  beforeEach(async () => {
    await harness.emit(
      { kind: "node", namespace: "", id: "n-one" },
      NodeJoined.of({ info: sampleInfo("n-one"), startedAt: 1 }),
    );
    await harness.emit(
      { kind: "node", namespace: "", id: "n-two" },
      NodeJoined.of({ info: sampleInfo("n-two"), startedAt: 1 }),
    );
    await harness.emit(
      { kind: "node", namespace: "", id: "n-two" },
      NodeDisconnected.of({ why: "gone", lastSeenAt: 1, forgetAt: 2 }),
    );
  });
  const names = (body: { Nodes: { Info: { NodeID: string } }[] }) => body.Nodes.map(({ Info }) => Info.NodeID);
  it("are listed, with the requester that answers", async () => {
    await expect.poll(async () => names((await get("/nodes")).body)).toEqual(["n-one", "n-two", "r-bench"]);
    const { Nodes } = (await get("/nodes")).body;
    const types = Nodes.map(({ Info }: { Info: { NodeType: string } }) => Info.NodeType);
    expect(types).toEqual(["Compute", "Compute", "Requester"]);
    expect(Nodes[2]).toMatchObject({ Membership: "APPROVED", Connection: "CONNECTED" });
    expect(Nodes[1]).toMatchObject({ Connection: "DISCONNECTED", ConnectionState: { LastError: "gone" } });
  });
  it("are listed with every live requester, and the shards of each", async () => {
    harness.living.push(
      { requesterId: "r-bench", knownSince: 1, shards: [0, 2] },
      { requesterId: "r-other", knownSince: 5, shards: [1] },
    );
    await expect.poll(async () => (await get("/nodes")).body.Nodes.length).toBe(4);
    const { Nodes } = (await get("/nodes")).body;
    expect(Nodes.slice(2)).toMatchObject([
      { Info: { NodeID: "r-bench", NodeType: "Requester", RequesterNodeInfo: { Shards: [0, 2] } } },
      {
        Info: {
          NodeID: "r-other",
          NodeType: "Requester",
          RequesterNodeInfo: { Shards: [1] },
          Labels: { name: "r-other" },
        },
        Connection: "CONNECTED",
        ConnectionState: { ConnectedSince: new Date(5).toISOString() },
      },
    ]);
    expect((await get("/nodes/r-other")).body.Node.Info.NodeID).toBe("r-other");
    harness.living.pop();
    expect((await get("/nodes/r-other")).status).toBe(404);
  });
  it("are filtered by labels and state", async () => {
    await expect.poll(async () => (await get("/nodes")).body.Nodes.length).toBe(3);
    expect(names((await get("/nodes", { labels: "zone=a", "filter-status": "connected" })).body)).toEqual(["n-one"]);
    expect(names((await get("/nodes", { reverse: "true", limit: "2" })).body)).toEqual(["r-bench", "n-two"]);
  });
  it("show the load of their last heartbeat", async () => {
    const heartbeat = sampleHeartbeat("n-one");
    harness.heartbeats.push({ ...heartbeat, info: { ...heartbeat.info, running: 3 } });
    await expect
      .poll(async () => (await get("/nodes/n-one")).body.Node?.Info.ComputeNodeInfo.RunningExecutions)
      .toBe(3);
  });
  it("are found by a unique prefix of their id", async () => {
    await expect.poll(async () => (await get("/nodes/n-o")).status).toBe(200);
    expect((await get("/nodes/n-")).body).toMatchObject({ Status: 409, Code: "MultipleNodesFound" });
    expect((await get("/nodes/x")).body).toMatchObject({ Status: 404, Code: "NotFound" });
  });
});

describe("stopping a job", () => {
  const stop = async (id: string, more: object = {}) => {
    const response = await harness.app.inject({ method: "DELETE", url: `${root}/jobs/${id}`, ...more });
    return { status: response.statusCode, body: response.json(), position: response.headers["x-shoal-position"] };
  };
  it.each([
    ["in the query", { query: { reason: "enough" } }],
    ["in the body", { payload: { reason: "enough" } }],
  ])("accepts the reason %s", async (_, more) => {
    const id = await running(harness, jobIdOf(1));
    const { status, body, position } = await stop(id, more);
    expect(status).toBe(200);
    expect(body.EvaluationID).not.toBe("");
    expect(Number(position)).toBe(harness.sim.log.entries.at(-1)?.seq);
    expect((await get(`/jobs/${id}`)).body.Job.State).toMatchObject({
      StateType: "Stopped",
      Message: expect.stringContaining("enough"),
    });
  });
  it("a second time changes nothing and reports so", async () => {
    const id = await running(harness, jobIdOf(1));
    await stop(id);
    expect((await stop(id)).body).toEqual({ EvaluationID: "" });
  });
  it("that has completed is refused", async () => {
    const id = await completed(harness, jobIdOf(1));
    expect((await stop(id)).body).toMatchObject({ Status: 409, Code: "ConflictJobState" });
  });
  it("accepts an empty body of type JSON", async () => {
    const id = await running(harness, jobIdOf(1));
    expect((await stop(id, { headers: { "content-type": "application/json" } })).status).toBe(200);
  });
});
