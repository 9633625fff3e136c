import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectNode } from "@shoal/nats";
import { newBoxKey, newKeyPem, systemClock, systemRandom } from "@shoal/node";
import { buckets, streams } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Executor } from "../../services/compute/src/executors/executor.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { keyRing } from "../../services/requester/src/secrets/key-ring.ts";
import { type ApiCluster, apiCluster } from "./api-cluster.ts";
import { until } from "./in-process.ts";
import { nodeId, startNode } from "./start-node.ts";
import { type RunningRequester, startRequester } from "./start-requester.ts";

// A text that occurs nowhere by chance.
const value = "hunter2-5f1d0c7b9a";
const Page = z.object({ Items: z.array(z.object({ ID: z.string() })) });

/** A no-op whose environment is recorded. */
function recording(): { readonly executor: Executor; readonly environments: Readonly<Record<string, string>>[] } {
  const environments: Readonly<Record<string, string>>[] = [];
  const { start, ...rest } = noop({ clock: systemClock() });
  const executor: Executor = {
    ...rest,
    start(work, signal) {
      environments.push(work.env);
      return start(work, signal);
    },
  };
  return { executor, environments };
}

describe("a secret on a real server", () => {
  const pem = newKeyPem();
  const keyFile = join(mkdtempSync(join(tmpdir(), "shoal-keys-")), "keys.pem");
  const { executor, environments } = recording();
  const answers: string[] = [];
  const lines: string[] = [];
  let cluster: ApiCluster;
  let watched: RunningRequester;
  let node: { close(): Promise<void> };
  let api = "";

  const call = async (method: string, path: string, body?: object): Promise<string> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${api}/api/v1/orchestrator${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    answers.push(text);
    return text;
  };
  const submit = async (env: object, params: object = {}): Promise<string> => {
    const task = { Name: "main", Engine: { Type: "noop", Params: params }, Env: env };
    const text = await call("PUT", "/jobs", { Job: { Type: "batch", Tasks: [task] } });
    return z.object({ JobID: z.string() }).parse(JSON.parse(text)).JobID;
  };

  beforeAll(async () => {
    writeFileSync(keyFile, pem, { mode: 0o600 });
    cluster = await apiCluster();
    api = (await cluster.requester("r-api", { "secrets.keyFile": keyFile })).facts.api;
    const log = (fields: object, sentence: string) => void lines.push(JSON.stringify([fields, sentence]));
    const logger = { info: log, warn: log };
    watched = await startRequester({ url: cluster.server.url, requesterId: "r-log", keys: keyRing(pem), logger });
    node = await startNode(cluster.server.url, executor);
  });
  afterAll(async () => {
    await node?.close();
    await watched?.stop();
    await cluster?.close();
  });

  it("reaches the task, and nothing else: no message, entry, log line or answer contains it", async () => {
    await call("PUT", "/secrets/token", { Value: value });
    const jobId = await submit({ TOKEN: "secret:token", OLD: "secret:token@1" });
    await until("the task runs", async () => environments.length > 0);
    expect(environments).toMatchObject([{ TOKEN: value, OLD: value }]);
    await until("the job ends", async () => (await call("GET", `/jobs/${jobId}`)).includes("Completed"));
    for (const path of ["/secrets", `/jobs/${jobId}/history`, `/jobs/${jobId}/executions`, "/nodes", "/jobs"])
      await call("GET", path);
    const stored = await everyMessage(watched);
    expect(stored.join("\n")).toContain("secret:token");
    expect(stored.join("\n")).toContain("SecretPut");
    for (const text of [...stored, ...lines, ...answers]) expect(text).not.toContain(value);
    const encoded = Buffer.from(value).toString("base64").slice(0, -2);
    for (const text of [...stored, ...answers]) expect(text).not.toContain(encoded);
  });

  it("is refused to a node that does not hold the execution, and to its own node once that has ended", async () => {
    const jobId = await submit({ TOKEN: "secret:token" }, { RunSeconds: 3_600 });
    let executionId = "";
    await until("the execution runs", async () => {
      const { Items } = Page.parse(JSON.parse(await call("GET", `/jobs/${jobId}/executions`)));
      executionId = Items[0]?.ID ?? "";
      return environments.length > 1 && executionId !== "";
    });
    const ask = async (asking: string, more: object = {}) => {
      const publicKey = Buffer.from(newBoxKey().publicKey).toString("base64");
      const request = { executionId, jobId, namespace: "default", publicKey, ...more };
      const ports = { clock: systemClock(), random: systemRandom, servers: [cluster.server.url] };
      const other = await connectNode({ ...ports, nodeId: asking });
      return await other.bidServer.requestSecrets(request, 5_000).finally(() => other.close());
    };
    expect(await ask(nodeId)).toEqual({ sealed: expect.any(String) });
    expect(await ask("n-other")).toEqual({ refused: expect.stringContaining("is not placed on this node") });
    expect(await ask(nodeId, { executionId: "e-other" })).toEqual({ refused: expect.stringContaining("not to run") });
    expect(await ask(nodeId, { jobId: "j-other" })).toEqual({ refused: expect.stringContaining("not to run") });
    expect(await ask(nodeId, { jobId: "a.b" })).toEqual({ refused: "no such job" });
    await call("DELETE", `/jobs/${jobId}`);
    expect(await ask(nodeId)).toEqual({ refused: expect.stringContaining("not to run") });
  });

  it("fails an execution that starts after it was deleted", async () => {
    await call("PUT", "/secrets/short-lived", { Value: value });
    const [task] = [{ Name: "main", Engine: { Type: "noop" }, Env: { TOKEN: "secret:short-lived" } }];
    // It waits for a node with this label, while the secret is deleted.
    const constraints = [{ Key: "zone", Operator: "=", Values: ["b"] }];
    const job = { Type: "batch", Tasks: [task], Constraints: constraints, Priority: 1 };
    const text = await call("PUT", "/jobs", { Job: { ...job, Tasks: [{ ...task, Timeouts: { QueueTimeout: 600 } }] } });
    const jobId = z.object({ JobID: z.string() }).parse(JSON.parse(text)).JobID;
    await call("DELETE", "/secrets/short-lived");
    const late = await startNode(cluster.server.url, executor, { nodeId: "n-late", labels: { zone: "b" } });
    await until("the job fails", async () => (await call("GET", `/jobs/${jobId}`)).includes("Failed"));
    const history = await call("GET", `/jobs/${jobId}/history`);
    expect(history).toContain("secret short-lived does not exist in namespace default");
    expect(history).toContain("SECRET_MISSING");
    await late.close();
  });
});

/** Every message of every stream, the entries of all buckets among them. */
async function everyMessage({ nats }: RunningRequester): Promise<readonly string[]> {
  const manager = await nats.session.manager();
  const names = [...Object.values(streams), ...Object.values(buckets).map((bucket) => `KV_${bucket}`)];
  const found: string[] = [];
  for (const name of names) {
    const { state } = await manager.streams.info(name);
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(name, { seq }).catch(() => undefined);
      if (message != null) found.push(`${name} ${message.subject} ${Buffer.from(message.data).toString("latin1")}`);
    }
  }
  return found;
}
