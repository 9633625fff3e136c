import { sampleHeartbeat, sampleSpec } from "@shoal/core/testing";
import { buckets, featureLevel, JobSubmitted, shardOf, shoalVersion } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";

let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

const call = async (method: "GET" | "PUT", path: string) => {
  const answer = await harness.app.inject({ method, url: `/api/v1${path}` });
  return { status: answer.statusCode, body: answer.json() };
};
const get = (path: string) => call("GET", path);

const jobId = "j-5a3b1c9e-0000-8000-8000-000000000001";
const job = { kind: "job", namespace: "default", id: jobId } as const;
const quarantined = { aggregate: job, seq: 7, code: "LOG_NEWER", why: "it holds the unknown event JobPaused" };
const holding = { aggregates: 2, quarantined: [], rebuilding: [] };

describe("the cluster", () => {
  it("shows its level, its requesters and nodes with their releases, and the load of the requester that answers", async () => {
    harness.living.push({ requesterId: "r-bench", knownSince: 1, shards: [4] });
    harness.heartbeats.push({ ...sampleHeartbeat(), protocol: 3 });
    harness.holdings.set(4, { ...holding, quarantined: [quarantined], rebuilding: ["jobs"] });
    const { body } = await get("/orchestrator/cluster");
    expect(body).toMatchObject({
      FeatureLevel: 1,
      AnsweredBy: "r-bench",
      Requesters: [{ ID: "r-bench", Version: shoalVersion, FeatureLevel: featureLevel, Shards: [4] }],
      Nodes: [{ ID: sampleHeartbeat().info.nodeId, ProtocolLevel: 3 }],
      Shards: [{ Shard: 4, Aggregates: 2, Quarantined: 1, Rebuilding: ["jobs"] }],
      Quarantined: [
        {
          Shard: 4,
          Kind: "job",
          Namespace: "default",
          ID: jobId,
          Position: 7,
          Code: "LOG_NEWER",
          Reason: quarantined.why,
        },
      ],
    });
    expect((await get("/agent/debug")).body).toMatchObject({
      Owned: { Shards: body.Shards, Quarantined: body.Quarantined },
    });
  });
  it("shows the first 20 quarantined aggregates of all shards, and counts the others", async () => {
    const many = Array.from({ length: 30 }, (_, seq) => ({ ...quarantined, seq }));
    harness.holdings.set(9, { ...holding, quarantined: many.slice(15) });
    harness.holdings.set(4, { ...holding, quarantined: many.slice(0, 15) });
    const { body } = await get("/orchestrator/cluster");
    expect(body.Shards.map(({ Quarantined }: { Quarantined: number }) => Quarantined)).toEqual([15, 15]);
    expect(body.Quarantined.map(({ Position }: { Position: number }) => Position)).toEqual(
      many.slice(0, 20).map(({ seq }) => seq),
    );
  });
});

describe("finishing an upgrade", () => {
  const member = (requesterId: string, level: number) =>
    harness.living.push({ requesterId, knownSince: 1, shards: [], featureLevel: level });
  it("raises the level to the one that all requesters support, and returns the same when repeated", async () => {
    member("r-one", 3);
    member("r-two", 3);
    expect(await call("PUT", "/orchestrator/cluster/upgrade")).toEqual({
      status: 200,
      body: { FeatureLevel: 3, Before: 1 },
    });
    expect(harness.sim.leases.snapshot().featureLevel).toBe(3);
    expect((await call("PUT", "/orchestrator/cluster/upgrade")).body).toEqual({ FeatureLevel: 3, Before: 3 });
  });
  it("is refused with the requesters that are behind, and changes nothing", async () => {
    member("r-one", 3);
    member("r-two", 2);
    const { status, body } = await call("PUT", "/orchestrator/cluster/upgrade");
    expect(status).toBe(409);
    expect(body).toMatchObject({ Message: expect.stringContaining(`r-two (version ${shoalVersion}, level 2)`) });
    expect(body.Message).not.toContain("r-one");
    expect(harness.sim.leases.snapshot().featureLevel).toBe(1);
  });
  it("never lowers a level that no live requester supports", async () => {
    await harness.sim.requester("operator").leases.raiseFeatureLevel(5);
    member("r-one", 3);
    expect((await call("PUT", "/orchestrator/cluster/upgrade")).status).toBe(409);
    expect(harness.sim.leases.snapshot().featureLevel).toBe(5);
  });
});

describe("a quarantined job", () => {
  const spec = sampleSpec();
  beforeEach(async () => {
    await harness.emit(job, JobSubmitted.of({ jobId, spec, version: 1 }));
  });
  it("is answered with the position and the reason, of a later release or damaged", async () => {
    const seq = harness.sim.log.put(job, '{"v":7}');
    const answers = [
      await get(`/orchestrator/jobs/${jobId}`),
      await get(`/orchestrator/jobs/${jobId}?include=history`),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(503);
      expect(body.Message).toMatch(new RegExp(`job ${jobId} at ${seq}: expected form 1 at most, got 7`));
    }
    const other = { ...job, id: "j-5a3b1c9e-0000-8000-8000-000000000002" };
    await harness.emit(other, JobSubmitted.of({ jobId: other.id, spec, version: 1 }));
    const at = harness.sim.log.put(other, "+OK");
    const { status, body } = await get(`/orchestrator/jobs/${other.id}`);
    expect([status, body.Message]).toEqual([
      500,
      expect.stringContaining(`job ${other.id} at ${at}: expected a JSON object`),
    ]);
  });
  it("stays in the list of jobs", async () => {
    harness.sim.log.put(job, '{"v":7}');
    await expect.poll(async () => (await get("/orchestrator/jobs")).body.Items).toMatchObject([{ ID: jobId }]);
  });
});

it("marks a list of jobs as incomplete while a part of its bucket is being rebuilt", async () => {
  const shard = shardOf(jobId);
  harness.holdings.set(shard, { ...holding, rebuilding: [buckets.open] });
  expect((await get("/orchestrator/jobs")).body).not.toHaveProperty("Rebuilding");
  harness.holdings.set(shard, { ...holding, rebuilding: [buckets.jobs] });
  expect((await get("/orchestrator/jobs")).body).toMatchObject({ Rebuilding: true });
});
