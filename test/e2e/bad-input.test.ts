import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { type FaultCluster, startFaultCluster } from "../int/fault-cluster.ts";
import { jobWith, type RefusedRequest, refusedRequests } from "./bad-input/refused-requests.ts";

onServer(() => {
  let folder = "";
  let cluster: FaultCluster;
  const api = () => cluster.devstack.facts.api[0] ?? "";
  const jobs = (body: RefusedRequest["body"], headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${api()}/api/v1/orchestrator/jobs`, {
      method: "PUT",
      body,
      headers: { "content-type": "application/json", ...headers },
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "shoal-e2e-"));
    cluster = await startFaultCluster(join(folder, "data"));
  });
  afterAll(async () => {
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  describe("a request is refused, with words, that is", () => {
    it.each(refusedRequests)("$name", async ({ body, headers, status, says }) => {
      const before = cluster.witness.story.jobs.size;
      const answer = await jobs(body, headers);
      const said: unknown = await answer.json();
      expect(said).toMatchObject({ Status: status, Message: expect.stringMatching(says) });
      expect(answer.status).toBe(status);
      expect(cluster.witness.story.jobs.size).toBe(before);
    });
  });

  it("x", () => {
    expect(jobWith({})).toBe(jobWith({}));
  });
});
