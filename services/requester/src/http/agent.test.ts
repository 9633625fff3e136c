import { sampleInfo } from "@shoal/core/testing";
import { NodeJoined } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";

let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

const get = async (path: string) => (await harness.app.inject({ url: `/api/v1${path}` })).json();

// The format of Go's time.RFC3339: clients written in Go refuse the whole response for any other.
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Every value under a key, however deep. */
function valuesOf(json: unknown, key: string): readonly unknown[] {
  if (typeof json !== "object" || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => (name === key ? [value] : valuesOf(value, key)));
}

describe("a build's date", () => {
  it.each([
    "/agent/version",
    "/agent/node",
    "/orchestrator/nodes",
    "/orchestrator/nodes/r-bench",
    "/orchestrator/nodes/n-one",
  ])("is in RFC 3339 in %s", async (path) => {
    const node = { kind: "node", namespace: "", id: "n-one" } as const;
    await harness.emit(node, NodeJoined.of({ info: sampleInfo("n-one"), startedAt: 1 }));
    harness.living.push({ requesterId: "r-other", knownSince: 5, shards: [] });
    await expect.poll(async () => (await get("/orchestrator/nodes")).Nodes.length).toBe(3);
    const dates = valuesOf(await get(path), "BuildDate");
    expect(dates.length).toBe(path === "/orchestrator/nodes" ? 3 : 1);
    for (const date of dates) expect(date).toMatch(rfc3339);
  });
  it("is in RFC 3339 in the headers of an answer", async () => {
    const { headers } = await harness.app.inject({ url: "/api/v1/agent/alive" });
    expect(headers["x-bacalhau-build-date"]).toMatch(rfc3339);
  });
});

describe("the agent", () => {
  it("reports its address, and no NATS server, folder or secret", async () => {
    await harness.api.start();
    const { port } = new URL(harness.api.url());
    const response = await fetch(`${harness.api.url()}/api/v1/agent/config`);
    const body = await response.json();
    expect(body).toMatchObject({
      config: {
        API: { Host: "127.0.0.1", Port: Number(port) },
        Orchestrator: { Enabled: true },
        Labels: { name: "r-bench" },
      },
    });
    expect(JSON.stringify(body)).not.toMatch(/nats|secret|password|dataDir/i);
  });
  it("reports no single sign-on", async () => {
    expect(await get("/agent/authconfig")).toEqual({ Version: "1.0.0", Config: {} });
  });
  it("reports its components' state", async () => {
    harness.living.push({ requesterId: "r-bench", knownSince: 1, shards: [4] });
    expect(await get("/agent/debug")).toMatchObject({
      Requester: { ID: "r-bench", Shards: [4] },
      Nodes: { Known: 1, Connected: 1 },
      Streams: { Feeds: 0, Logs: 0 },
    });
  });
});
