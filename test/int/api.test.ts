import { gunzipSync } from "node:zlib";
import { connectRequester } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { openReplay } from "@shoal/requester";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ApiCluster, apiCluster } from "./api-cluster.ts";

const Page = z.object({ Items: z.array(z.looseObject({ ID: z.string() })) });
const Nodes = z.object({ Nodes: z.array(z.object({ Info: z.object({ NodeType: z.string() }) })) });
const Results = z.object({ Items: z.array(z.object({ Type: z.string(), Params: z.object({ URL: z.string() }) })) });
const Read = z.object({
  Job: z.object({ State: z.object({ StateType: z.string() }) }),
  Executions: z.object({ Items: z.array(z.unknown()) }),
  History: z.object({ NextToken: z.string() }),
});
const FeedItem = z.object({ id: z.string(), type: z.string(), subject: z.string() });

describe("the API over a real nats-server", () => {
  let cluster: ApiCluster;
  let api = "";
  const at = (path: string) => `${api}/api/v1/orchestrator${path}`;
  const get = async <S extends z.ZodType>(path: string, schema: S) =>
    schema.parse(await (await fetch(at(path))).json());
  const submit = async (job: object): Promise<{ id: string; position: string; requestId: string }> => {
    const response = await fetch(at("/jobs"), {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ Job: job }),
    });
    const body = z.object({ JobID: z.string() }).parse(await response.json());
    return {
      id: body.JobID,
      position: response.headers.get("x-shoal-position") ?? "",
      requestId: requestIdOf(response),
    };
  };
  const noop = (params: object, more: object = {}) => ({
    Type: "batch",
    Tasks: [{ Name: "main", Engine: { Type: "noop", Params: params }, ...more }],
  });

  /** The actor of a job's commits, by the type of their events. */
  async function actorsOf(id: string): Promise<Readonly<Record<string, unknown>>> {
    const settings = {
      clock: systemClock(),
      random: systemRandom,
      requesterId: "reader",
      servers: [cluster.server.url],
      replicas: 1,
    };
    const nats = await connectRequester({ ...settings, onParked: () => undefined });
    const stored = await nats.log.load({ kind: "job", namespace: "default", id }).finally(() => nats.close());
    return Object.fromEntries(stored.flatMap(({ commit }) => commit.events.map(({ type }) => [type, commit.actor])));
  }

  /** Events of the feed from a position on, until one of the given type. */
  async function eventsUntil(query: string, type: string, headers: Record<string, string> = {}) {
    const response = await fetch(at(`/events?${query}`), { headers });
    const received: z.output<typeof FeedItem>[] = [];
    let text = "";
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) {
      text += decoder.decode(piece, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (data === undefined) continue;
        const event = FeedItem.parse(JSON.parse(data));
        received.push(event);
        if (event.type === `shoal.${type}`) return received;
      }
    }
    return received;
  }

  const ended = ({ id, position }: { id: string; position: string }) =>
    eventsUntil(`job_id=${id}&after=${Number(position) - 1}`, "JobCompleted");

  beforeAll(async () => {
    cluster = await apiCluster();
    const requester = await cluster.requester("r-one");
    api = requester.facts.api;
    await cluster.node("n-one");
  });
  afterAll(async () => {
    await cluster?.close();
  });

  it("runs a job from submission to its end, and sends every event", async () => {
    const job = await submit(noop({ Stdout: "hi\n" }));
    const types = (await ended(job)).map((event) => event.type.slice("shoal.".length));
    expect(types[0]).toBe("JobSubmitted");
    expect(types).toContain("ExecutionAssigned");
    expect(types.at(-1)).toBe("JobCompleted");
    const read = await get(`/jobs/${job.id}?include=executions,history`, Read);
    expect(read.Job.State.StateType).toBe("Completed");
    expect(read.Executions.Items).toMatchObject([{ NodeID: "n-one", ComputeState: { StateType: 9 } }]);
    expect(read.History.NextToken).toBe("");
  });

  it("resumes the feed after any event, without loss or repetition", async () => {
    const job = await submit(noop({}));
    const all = await ended(job);
    for (const [index, { id }] of all.slice(0, -1).entries()) {
      const rest = await eventsUntil(`job_id=${job.id}`, "JobCompleted", { "last-event-id": id });
      expect(rest).toEqual(all.slice(index + 1));
    }
  });

  it("serves results that a node published through NATS", async () => {
    const job = await submit(noop({ Stdout: "result\n" }, { Publisher: { Type: "nats" } }));
    await ended(job);
    const { Items } = await get(`/jobs/${job.id}/results`, Results);
    const url = Items[0]?.Params.URL ?? "";
    expect(Items).toMatchObject([{ Type: "urlDownload", Params: { URL: expect.stringContaining(api) } }]);
    const response = await fetch(url);
    expect(response.status).toBe(200);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.length).toBe(Number(response.headers.get("content-length")));
    expect(gunzipSync(bytes).toString("latin1")).toContain("result\n");
    expect((await fetch(url.replace(/[^/]*$/, "nothing"))).status).toBe(404);
  });

  it("serves the output of a finished and of a running job", async () => {
    const over = await submit(noop({ Stdout: "one\ntwo\n" }));
    await ended(over);
    expect(await logLines(api, over.id, "follow=false")).toEqual(["one\n", "two\n"]);
    const going = await submit(noop({ Stdout: "late\n", RunSeconds: 1 }));
    expect(await logLines(api, going.id, "follow=true")).toEqual(["late\n"]);
  });

  it("lists jobs and nodes", async () => {
    const job = await submit({ ...noop({}), Labels: { suite: "list" } });
    await ended(job);
    await expect.poll(async () => (await get("/jobs?labels=suite=list", Page)).Items).toMatchObject([{ ID: job.id }]);
    const nodes = await get("/nodes", Nodes);
    expect(nodes.Nodes.map(({ Info }) => Info.NodeType)).toEqual(["Compute", "Requester"]);
  });

  it("replays the log into identical views, byte for byte", async () => {
    const jobs = await Promise.all(Array.from({ length: 20 }, () => submit(noop({}))));
    await Promise.all(jobs.map(ended));
    const opened = await openReplay({ env: {}, flags: cluster.flags });
    // The first one waits until the views are written; the second one reads all of them.
    await opened.run();
    const report = await opened.run();
    await opened.close();
    expect(report.problems).toEqual({ count: 0, first: [] });
    expect(report.mismatches).toEqual({ count: 0, first: [] });
    expect(report.ok).toBe(true);
    expect(report.aggregates["job"]).toBeGreaterThanOrEqual(20);
    expect(report.entries["jobs"]).toBe(report.aggregates["job"]);
  });

  it("names the actor in each commit: the client with its address and request, the node, the requester", async () => {
    const requester = { type: "requester", id: "r-one" };
    const client = (requestId: string) => ({ type: "client", id: "", address: "127.0.0.1", requestId });
    const done = await submit(noop({}));
    await ended(done);
    expect(await actorsOf(done.id)).toEqual({
      JobSubmitted: client(done.requestId),
      ExecutionAssigned: requester,
      JobStarted: requester,
      ExecutionStarted: { type: "node", id: "n-one" },
      ExecutionCompleted: { type: "node", id: "n-one" },
      JobCompleted: { type: "node", id: "n-one" },
    });
    const long = await submit(noop({ RunSeconds: 3_600 }));
    await eventsUntil(`job_id=${long.id}&after=${Number(long.position) - 1}`, "ExecutionStarted");
    const stopped = await fetch(at(`/jobs/${long.id}`), { method: "DELETE" });
    expect(stopped.status).toBe(200);
    await eventsUntil(`job_id=${long.id}&after=${Number(long.position) - 1}`, "ExecutionStopped");
    expect(await actorsOf(long.id)).toMatchObject({
      JobSubmitted: client(long.requestId),
      JobStopped: client(requestIdOf(stopped)),
      ExecutionsStopping: client(requestIdOf(stopped)),
      ExecutionStopped: { type: "node", id: "n-one" },
    });
    expect(new Set([long.requestId, requestIdOf(stopped), ""]).size).toBe(3);
  });

  it("names the address that is in use", async () => {
    await expect(cluster.requester("r-two", { "http.port": new URL(api).port })).rejects.toThrow(/in use/);
  });
});

const requestIdOf = (response: Response): string => response.headers.get("x-request-id") ?? "";

function logLines(api: string, id: string, query: string): Promise<readonly string[]> {
  const socket = new WebSocket(`${api.replace("http", "ws")}/api/v1/orchestrator/jobs/${id}/logs?${query}`);
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => {
      const { value, error } = JSON.parse(String(data));
      if (error !== undefined) reject(new Error(error));
      else lines.push(value.Line);
    });
    socket.addEventListener("close", () => resolve(lines));
    socket.addEventListener("error", () => reject(new Error("the socket failed")));
  });
}
