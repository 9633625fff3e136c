import { BuildVersion, HistoryEntity, JobEntity, JobSpec, toWire } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { ApiError } from "./api-error.ts";
import { type Client, createClient } from "./client.ts";
import { endpointsOf } from "./transport/endpoints.ts";
import { callMs, createTransport } from "./transport/transport.ts";

const at = Date.UTC(2026, 0, 1);
const spec = JobSpec.parse({ type: "batch", name: "hello", tasks: [{ engine: { type: "noop" } }] });
const state = { stateType: "running", message: "", details: {} } as const;
const job: JobEntity = { id: "j-1", ...spec, state, version: 1, revision: 2, createTime: at, modifyTime: at };
const entry: HistoryEntity = {
  ...{ seqNum: 7, type: "job", jobId: "j-1", jobVersion: 1, executionId: "" },
  event: { message: "it began", topic: "State Update", timestamp: at, details: {} },
  time: at,
};
const version: BuildVersion = {
  ...{ major: "1", minor: "9", gitVersion: "v1.9.0", gitCommit: "", buildDate: "1970-01-01T00:00:00Z" },
  ...{ goos: "linux", goarch: "amd64" },
};

interface Call {
  readonly line: string;
  readonly init: RequestInit;
}

/** A client of one requester that answers every call with this JSON, and the calls. */
function answering(json: unknown, status = 200) {
  const calls: Call[] = [];
  const client = createClient({
    endpoints: "http://a:1/prefix/",
    fetch: async (url, init) => {
      calls.push({ line: `${init.method} ${decodeURIComponent(url.replace("http://a:1/prefix/api/v1", ""))}`, init });
      return Response.json(json, { status });
    },
  });
  return { client, calls };
}

const jobs = "/orchestrator/jobs";
const page = (item: unknown) => ({ Items: [item], NextToken: "more" });

const table: readonly (readonly [
  line: string,
  json: unknown,
  call: (client: Client) => Promise<unknown>,
  got: unknown,
])[] = [
  [`GET ${jobs}/a/b?namespace=ns`, { Job: toWire(JobEntity, job) }, (c) => c.job("a/b", { namespace: "ns" }), job],
  [
    `GET ${jobs}?limit=5&next_token=t&order_by=created_at&reverse=true&namespace=*&labels=a=b`,
    page(toWire(JobEntity, job)),
    (c) => c.jobs({ limit: 5, nextToken: "t", orderBy: "created_at", reverse: true, namespace: "*", labels: "a=b" }),
    { items: [job], nextToken: "more" },
  ],
  [
    `GET ${jobs}/j-1/history?limit=2&namespace=ns&event_type=job&execution_id=e`,
    page(toWire(HistoryEntity, entry)),
    (c) => c.history("j-1", { limit: 2, namespace: "ns", eventType: "job", executionId: "e" }),
    { items: [entry], nextToken: "more" },
  ],
  [
    `GET ${jobs}/j-1/executions?limit=2`,
    { Items: [] },
    (c) => c.executions("j-1", { limit: 2 }),
    { items: [], nextToken: "" },
  ],
  [
    `GET ${jobs}/j-1/results`,
    { Items: [{ Type: "local", Params: { Path: "/r" } }] },
    (c) => c.results("j-1"),
    [{ type: "local", params: { Path: "/r" } }],
  ],
  // Bacalhau's servers, written in Go, send null for an empty list.
  [`GET ${jobs}`, { Items: null, NextToken: "" }, (c) => c.jobs(), { items: [], nextToken: "" }],
  [`GET ${jobs}/j-2/results`, { Items: null }, (c) => c.results("j-2"), []],
  [`GET ${jobs}/j-2/history`, { Items: null, NextToken: null }, (c) => c.history("j-2"), { items: [], nextToken: "" }],
  ["GET /orchestrator/nodes", { Nodes: null }, (c) => c.nodes(), []],
  [`DELETE ${jobs}/j-1?namespace=ns&reason=enough`, {}, (c) => c.stop("j-1", "enough", { namespace: "ns" }), undefined],
  [`GET /orchestrator/nodes?labels=zone=a`, { Nodes: [] }, (c) => c.nodes({ labels: "zone=a" }), []],
  ["GET /agent/alive", { Status: "OK" }, (c) => c.alive(), undefined],
  ["GET /agent/version", toWire(BuildVersion, version), (c) => c.version(), version],
];

describe("a call of the client", () => {
  it.each(table)("%s", async (...[line, json, call, got]) => {
    const { client, calls } = answering(json);
    expect(await call(client)).toEqual(got);
    expect(calls.map((one) => one.line)).toEqual([line]);
    expect(new Headers(calls[0]?.init.headers).get("accept")).toBe("application/json");
    expect(calls[0]?.init).not.toHaveProperty("body");
  });

  it("submits a spec with a token that identifies repeated calls", async () => {
    const { client, calls } = answering({ JobID: "j-1", EvaluationID: "e", Warnings: ["left out"] });
    const submitted = { jobId: "j-1", evaluationId: "e", warnings: ["left out"] };
    expect(await client.submit({ Type: "batch" }, { idempotencyToken: "t" })).toEqual(submitted);
    expect(await client.submit({ Type: "batch" })).toEqual(submitted);
    await client.submit({ Type: "batch" });
    const tokens = calls.map(({ line }) => line.replace(`PUT ${jobs}?idempotency_token=`, ""));
    expect(tokens[0]).toBe("t");
    expect(new Set(tokens).size).toBe(3);
    const [first] = calls;
    expect(JSON.parse(String(first?.init.body))).toEqual({
      Job: { Type: "batch" },
      Force: false,
      IdempotencyToken: "t",
    });
    expect(new Headers(first?.init.headers).get("content-type")).toBe("application/json");
  });

  it("ends when the caller's signal fires, and after the limit of a call", async () => {
    const stop = new AbortController();
    const signals: AbortSignal[] = [];
    const transport = createTransport(
      endpointsOf(["http://a:1", "http://b:2"]),
      (_url, { signal }) =>
        new Promise((_resolve, reject) => {
          if (!(signal instanceof AbortSignal)) throw new Error("a call has a limit");
          signals.push(signal);
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    const calling = transport.call({ method: "GET", path: "/x" }, stop.signal);
    stop.abort(new Error("enough"));
    await expect(calling).rejects.toThrow("enough");
    // The call has ended: no other requester is tried.
    expect(signals).toHaveLength(1);
    expect(callMs).toBe(30_000);
  });
});

it.each([[[]], [["127.0.0.1:1234"]], [["http://a:1", "ftp://b"]]])("refuses %j as endpoints", (endpoints) => {
  expect(() => createClient({ endpoints })).toThrow(expect.objectContaining({ status: 0, code: "BadRequest" }));
});

describe("a malformed response", () => {
  it.each([
    ["lacks a field", { Job: { ID: "j-1" } }],
    ["is no object", "text"],
    ["is null", null],
  ])("that %s causes an error that names the call", async (_, json) => {
    const failure: unknown = await answering(json)
      .client.job("j-1")
      .catch((caught: unknown) => caught);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({ code: "InternalError", status: 0, message: expect.stringMatching(/job/i) });
  });

  it("names the call when it is not JSON", async () => {
    const client = createClient({ endpoints: "http://a:1", fetch: async () => new Response("<html>") });
    await expect(client.version()).rejects.toMatchObject({
      ...{ name: "ApiError", status: 0, code: "InternalError", cause: expect.any(SyntaxError) },
      message: expect.stringContaining("GET /api/v1/agent/version is not JSON"),
    });
  });
});

describe("a refusal", () => {
  it("carries every field of the error body", async () => {
    const body = {
      Code: "NotFound",
      Message: "no such job",
      Hint: "list them",
      RequestID: "r-1",
      Details: { id: "j" },
    };
    await expect(answering(body, 404).client.job("j")).rejects.toMatchObject({
      ...{ status: 404, code: "NotFound", message: "no such job", hint: "list them", requestId: "r-1" },
      details: { id: "j" },
    });
  });

  it.each([
    ["an older form", JSON.stringify({ Error: "no" }), "no"],
    ["a proxy's page", `<html>${"x".repeat(500)}`, `HTTP 400: <html>${"x".repeat(154)}`],
    ["null", "null", "HTTP 400: null"],
    ["fields of other types", '{"Code":7,"Message":{}}', 'HTTP 400: {"Code":7,"Message":{}}'],
    ["nothing", "", "HTTP 400: empty answer"],
    ["a list", "[1]", "HTTP 400: [1]"],
  ])("that is %s is shown as far as possible", async (_, text, message) => {
    const client = createClient({ endpoints: "http://a:1", fetch: async () => new Response(text, { status: 400 }) });
    await expect(client.version()).rejects.toMatchObject({
      ...{ status: 400, code: "UnknownError", message, hint: "", requestId: "", details: {} },
    });
  });

  it.each([
    ["fetch failed", undefined, "http://a:1: fetch failed"],
    ["fetch failed", new Error("connect ECONNREFUSED"), "http://a:1: connect ECONNREFUSED"],
    ["fetch failed", Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }), "http://a:1: ECONNREFUSED"],
  ])("without an answer (%s, %s) names each requester and its reason", async (text, cause, why) => {
    const fetch = async () => {
      throw new TypeError(text, { cause });
    };
    const client = createClient({ endpoints: ["http://a:1", "http://b:2"], fetch });
    await expect(client.alive()).rejects.toMatchObject({
      ...{ status: 0, code: "NetworkFailure" },
      message: expect.stringContaining(`${why}; ${why.replace("a:1", "b:2")}`),
    });
  });
});
