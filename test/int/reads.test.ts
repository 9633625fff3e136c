import { createClient } from "@shoal/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ApiCluster, apiCluster } from "./api-cluster.ts";

const jobsPath = "/api/v1/orchestrator/jobs";
const Job = z.object({ ID: z.string(), Revision: z.number() });

const job = (index: number) => ({
  Type: "batch",
  Labels: { suite: "reads" },
  Tasks: [{ Name: "main", Engine: { Type: "noop", Params: { Stdout: `${index}\n` } } }],
});

// Enough concurrent jobs that entries of different shards arrive in another order than their commits.
const submitters = 4;
const each = 40;

describe("reads at two requesters over a real nats-server", () => {
  let cluster: ApiCluster;
  let apis: readonly string[] = [];
  beforeAll(async () => {
    cluster = await apiCluster();
    const [one, two] = [await cluster.requester("r-one"), await cluster.requester("r-two")];
    apis = [one.facts.api, two.facts.api];
    await cluster.node("n-one");
  });
  afterAll(async () => {
    await cluster?.close();
  });

  async function read(api: string, path: string, position = "0") {
    const response = await fetch(`${api}${jobsPath}${path}`, { headers: { "x-shoal-position": position } });
    return { body: await response.json(), position: response.headers.get("x-shoal-position") ?? "" };
  }
  async function submit(api: string, index: number) {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ Job: job(index) });
    const response = await fetch(`${api}${jobsPath}`, { method: "PUT", headers, body });
    const { JobID: id } = z.object({ JobID: z.string() }).parse(await response.json());
    return { id, position: response.headers.get("x-shoal-position") ?? "" };
  }
  /** A job as the list at a position shows it. */
  async function listed(api: string, id: string, position: string) {
    const { body } = await read(api, "?reverse=true&limit=200&labels=suite=reads", position);
    return z
      .object({ Items: z.array(Job) })
      .parse(body)
      .Items.find(({ ID }) => ID === id);
  }

  it("show both requesters in the list of nodes, and between them every shard once", async () => {
    const Requester = z.object({
      Info: z.object({ NodeID: z.string(), RequesterNodeInfo: z.object({ Shards: z.array(z.number()) }).optional() }),
    });
    const owned = async (api: string) => {
      const body = await (await fetch(`${api}/api/v1/orchestrator/nodes`)).json();
      const { Nodes } = z.object({ Nodes: z.array(Requester) }).parse(body);
      return Nodes.flatMap(({ Info: { NodeID, RequesterNodeInfo: info } }) =>
        info === undefined ? [] : [[NodeID, info.Shards.length] as const],
      );
    };
    for (const api of apis)
      await expect
        .poll(() => owned(api), { timeout: 60_000 })
        .toEqual([
          ["r-one", 8],
          ["r-two", 8],
        ]);
  });

  it("list every job at the other requester as soon as it is acknowledged, while others are submitted", async () => {
    const missing: string[] = [];
    const work = Array.from({ length: submitters }, async (_, submitter) => {
      const [here = "", there = ""] = submitter % 2 === 0 ? apis : apis.toReversed();
      for (let index = 0; index < each; index++) {
        const { id, position } = await submit(here, index);
        if ((await listed(there, id, position)) === undefined) missing.push(id);
      }
    });
    await Promise.all(work);
    expect(missing).toEqual([]);
  });

  it("never show a job older than an earlier read did", async () => {
    const older: string[] = [];
    const work = Array.from({ length: submitters }, async (_, submitter) => {
      const [here = "", there = ""] = submitter % 2 === 0 ? apis : apis.toReversed();
      for (let index = 0; index < each / 2; index++) {
        const { id } = await submit(here, index);
        for (let round = 0; round < 5; round++) {
          const { body, position } = await read(here, `/${id}`);
          const { Revision: shown } = z.object({ Job }).parse(body).Job;
          const listedRevision = (await listed(there, id, position))?.Revision ?? 0;
          if (listedRevision < shown) older.push(`${id}: ${listedRevision} after ${shown}`);
        }
      }
    });
    await Promise.all(work);
    expect(older).toEqual([]);
  });

  it("are monotonic for one job that is read at both in turn, and show executions that match the job", async () => {
    const completed = 9;
    const Read = z.object({
      Job: z.object({ Revision: z.number(), State: z.object({ StateType: z.string() }) }),
      Executions: z
        .object({ Items: z.array(z.object({ ComputeState: z.object({ StateType: z.number() }) })) })
        .optional(),
    });
    const wrong: string[] = [];
    const ended = new Set<string>();
    const work = Array.from({ length: submitters }, async () => {
      for (let index = 0; index < each / 4; index++) {
        const { id } = await submit(apis[index % 2] ?? "", index);
        let shown = 0;
        for (let round = 0; round < 1_000 && !ended.has(id); round++) {
          const { body } = await read(apis[round % 2] ?? "", `/${id}${round % 3 === 0 ? "" : "?include=executions"}`);
          const { Job: now, Executions: executions } = Read.parse(body);
          if (now.Revision < shown) wrong.push(`${id}: ${now.Revision} after ${shown}`);
          shown = now.Revision;
          if (now.State.StateType !== "Completed" || executions === undefined) continue;
          ended.add(id);
          const [only] = executions.Items;
          if (only?.ComputeState.StateType !== completed) wrong.push(`${id}: ended with ${JSON.stringify(only)}`);
        }
      }
    });
    await Promise.all(work);
    expect(wrong).toEqual([]);
    expect(ended.size).toBe((submitters * each) / 4);
  });

  it("are consistent for one client object that changes its requester", async () => {
    let turn = 0;
    const alternating = (url: string, init: RequestInit) => {
      const api = apis[turn++ % 2] ?? "";
      return fetch(url.replace(/^http:\/\/[^/]+/, api), init);
    };
    const client = createClient({ endpoints: apis, fetch: alternating });
    for (let index = 0; index < each; index++) {
      const { jobId } = await client.submit(job(index));
      const { items } = await client.jobs({ reverse: true, limit: 200 });
      expect(items.map(({ id }) => id)).toContain(jobId);
    }
  });
});
