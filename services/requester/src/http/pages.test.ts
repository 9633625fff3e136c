import { queryLimits } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scannedMax } from "../catalog/page-reader.ts";
import { type ApiHarness, apiHarness, harnessSpec } from "../testing/api-harness.ts";
import { completed, jobIdOf, submitted } from "../testing/sample-jobs.ts";
import { pageLimitHeader, writeToken } from "../wire/page-token.ts";

const root = "/api/v1/orchestrator";
let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

const get = async (path: string, query: Record<string, string> = {}) => {
  const { statusCode: status, headers, ...response } = await harness.app.inject({ url: `${root}${path}`, query });
  return { status, body: response.json(), limit: headers[pageLimitHeader] };
};

const place = { order: "createTime", reverse: false, limit: 1, at: 0, jobId: "j" };

describe("a token that no response contained", () => {
  it.each([
    ["a limit above that of a page", { ...place, limit: queryLimits.pageItemsMax + 1 }],
    ["a limit of 10^9", { ...place, limit: 1e9 }],
    ["a limit of none", { ...place, limit: 0 }],
    ["a broken limit", { ...place, limit: 1.5 }],
    ["a time before the epoch", { ...place, at: -1 }],
    ["a time that is none", { ...place, at: null }],
    ["an endless id", { ...place, jobId: "j".repeat(257) }],
    ["another order", { ...place, order: "namespace" }],
    ["a field more", { ...place, namespace: "other" }],
    ["a number", 5],
  ])("is refused by the list of jobs for %s", async (_, token) => {
    const { status, body } = await get("/jobs", { next_token: writeToken(token) });
    expect({ status, code: body.Code }).toEqual({ status: 400, code: "BadRequest" });
  });
  it("is refused in any other encoding", async () => {
    await submitted(harness, jobIdOf(1));
    await harness.catalog.caughtUp();
    const own = writeToken(place);
    expect((await get("/jobs", { next_token: own })).status).toBe(200);
    for (const text of [`${own}=`, `${own} `, Buffer.from(JSON.stringify(place, null, 1)).toString("base64url")])
      expect((await get("/jobs", { next_token: text })).status, text).toBe(400);
  });
  it.each([-1, 1.5, 2 ** 60, "1", null, {}])("is refused by executions and history for %j", async (token) => {
    const id = await completed(harness, jobIdOf(1));
    for (const list of ["executions", "history"])
      expect((await get(`/jobs/${id}/${list}`, { next_token: writeToken(token) })).status, list).toBe(400);
  });
  it("beyond the end of a list returns an empty page", async () => {
    const id = await completed(harness, jobIdOf(1));
    for (const list of ["executions", "history"])
      expect((await get(`/jobs/${id}/${list}`, { next_token: writeToken(1e6) })).body.Items, list).toEqual([]);
  });
});

describe("a page", () => {
  it.each([
    ["7", "7"],
    ["", `${queryLimits.pageItems}`],
    ["0", `${queryLimits.pageItems}`],
    ["1000000000", `${queryLimits.pageItemsMax}`],
  ])("carries its maximum number of items for the limit %j", async (limit, applied) => {
    const id = await completed(harness, jobIdOf(1));
    for (const list of ["/jobs", `/jobs/${id}/executions`, `/jobs/${id}/history`])
      expect((await get(list, { limit })).limit, list).toBe(applied);
  });
  it("is full also when the jobs with a label are far apart", async () => {
    const view = harness.sim.views.jobs;
    await submitted(harness, jobIdOf(1), harnessSpec({ labels: { rare: "1" } }));
    await submitted(harness, jobIdOf(2), harnessSpec({ labels: { rare: "1" } }));
    const sample = view.get(`default.${jobIdOf(1)}`) ?? expect.unreachable();
    // Between the two, by their time, are more jobs than one catalog read scans.
    for (let index = 0; index <= scannedMax; index++) {
      const job = { ...Object(sample["job"]), id: `j-${index}`, labels: {}, createTime: 5_000_000_000_000 };
      view.write(`default.j-${index}`, 1, { seq: 1, job });
    }
    const last = view.get(`default.${jobIdOf(2)}`) ?? expect.unreachable();
    view.write(`default.${jobIdOf(2)}`, last.seq + 1, {
      seq: last.seq + 1,
      job: { ...Object(last["job"]), createTime: 6_000_000_000_000 },
    });
    await harness.catalog.caughtUp();
    const { body } = await get("/jobs", { labels: "rare=1", limit: "2" });
    expect(body.Items.map(({ ID }: { ID: string }) => ID)).toEqual([jobIdOf(1), jobIdOf(2)]);
    expect(body.NextToken).toBe("");
  });
});
