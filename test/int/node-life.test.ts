import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@shoal/client";
import { findServer, type RunningServer, startServer } from "@shoal/nats";
import { systemClock } from "@shoal/node";
import { apiRoutes } from "@shoal/proto";
import { serveRequester } from "@shoal/requester";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type CutProxy, cutProxy } from "../../libs/nats/src/testing/cut-proxy.ts";
import type { Executor } from "../../services/compute/src/executors/executor.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { startNode } from "./start-node.ts";

const timeout = { timeout: 180_000 };

let root = "";
let server: RunningServer;
let proxy: CutProxy;
const stopping: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-node-life-"));
  server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
  proxy = await cutProxy(Number(new URL(server.url).port));
});
afterEach(async () => {
  for (const stop of stopping.splice(0).toReversed()) await stop();
  await proxy.close();
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

async function startRequester(flags: Readonly<Record<string, string>>): Promise<Client> {
  const quit = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<string>();
  const all = { "nats.url": server.url, dataDir: join(root, "r"), "http.port": "0", "log.level": "silent", ...flags };
  const ended = serveRequester({
    given: { env: {}, flags: all },
    quit: quit.promise,
    onReady: ({ api }) => ready.resolve(api),
  });
  ended.catch(ready.reject);
  stopping.push(() => {
    quit.resolve();
    return ended;
  });
  return createClient({ endpoints: [await ready.promise] });
}

/** A no-op that records the begin and the end of each workload, with its node. */
function recording(nodeId: string, lines: string[]): Executor {
  const executor = noop({ clock: systemClock() });
  return {
    ...executor,
    async start(work) {
      lines.push(`${work.jobId} begins on ${nodeId}`);
      const running = await executor.start(work);
      void running.exit.then(() => lines.push(`${work.jobId} ends on ${nodeId}`));
      return running;
    },
  };
}

async function addNode(nodeId: string, url: string, lines: string[] = []): Promise<void> {
  const node = await startNode(url, recording(nodeId, lines), { nodeId });
  stopping.push(node.close);
}

const job = (seconds: number, disconnect?: object) => ({
  Type: "batch",
  Tasks: [{ Engine: { Type: "noop", Params: { RunSeconds: seconds } }, ...(disconnect && { Disconnect: disconnect }) }],
});

const placesOf = async (client: Client, id: string) =>
  (await client.executions(id)).items.map(({ nodeId, computeState }) => `${nodeId} ${computeState.stateType}`);
const order = (client: Client, id: string, body: object) => client.ask(apiRoutes.updateNode, { id }, body);

it("keeps patient work on a node that is cut off and comes back, moves the rest without running it twice, and drains the node", async () => {
  const client = await startRequester({ "nodes.disconnectAfterMs": "2500" });
  const lines: string[] = [];
  await addNode("n-cut", proxy.url, lines);
  const { jobId: patient } = await client.submit(job(600, { LostAfter: 600 }));
  const { jobId: single } = await client.submit(job(600, { LostAfter: 3, StopAfter: 3 }));
  for (const id of [patient, single]) await expect.poll(() => placesOf(client, id), timeout).toEqual(["n-cut running"]);
  await addNode("n-other", server.url, lines);

  proxy.refuse();
  await expect.poll(() => placesOf(client, single), timeout).toEqual(["n-cut failed", "n-other running"]);
  // It ended by itself before it began again.
  expect(lines.filter((line) => line.startsWith(single))).toEqual([
    `${single} begins on n-cut`,
    `${single} ends on n-cut`,
    `${single} begins on n-other`,
  ]);
  expect(await placesOf(client, patient)).toEqual(["n-cut running"]);
  expect(await client.node("n-cut")).toMatchObject({ connection: "disconnected" });

  proxy.admit();
  await expect.poll(async () => (await client.node("n-cut")).connection, timeout).toBe("connected");
  const messages = async () => (await client.history(patient)).items.map(({ event }) => event.message);
  await expect.poll(messages, timeout).toContain("Continues: its node is back in time");
  expect(await placesOf(client, patient)).toEqual(["n-cut running"]);
  expect(lines.filter((line) => line.startsWith(patient))).toEqual([`${patient} begins on n-cut`]);

  await order(client, "n-cut", { Action: "drain", Mode: "move", Message: "new kernel" });
  await expect.poll(() => placesOf(client, patient), timeout).toEqual(["n-cut stopped", "n-other running"]);
  expect(await client.node("n-cut")).toMatchObject({ drain: { mode: "move", message: "new kernel" } });
  await expect.poll(async () => (await client.node("n-cut")).info.computeNodeInfo?.runningExecutions, timeout).toBe(0);
}, 180_000);

it("gives a node work only once an operator has approved it, and none after it is rejected", async () => {
  const client = await startRequester({ "nodes.manualApproval": "true" });
  await addNode("n-new", server.url);
  const membership = async () => (await client.nodes()).find(({ info }) => info.nodeId === "n-new")?.membership;
  await expect.poll(membership, timeout).toBe("PENDING");
  const spec = job(600);
  const { jobId } = await client.submit({ ...spec, Tasks: [{ ...spec.Tasks[0], Timeouts: { QueueTimeout: 600 } }] });
  await expect.poll(async () => (await client.job(jobId)).state.stateType, timeout).toBe("queued");
  await order(client, "n-new", { Action: "approve" });
  await expect.poll(() => placesOf(client, jobId), timeout).toEqual(["n-new running"]);
  await order(client, "n-new", { Action: "reject", Message: "not ours" });
  await expect.poll(() => placesOf(client, jobId), timeout).toEqual(["n-new failed"]);
  await expect.poll(async () => (await client.job(jobId)).state.stateType, timeout).toBe("queued");
  const explained = async () => (await client.ask(apiRoutes.explainJob, { id: jobId })).explanation.waiting;
  await expect.poll(explained, timeout).toMatchObject({
    reasons: [{ name: "nodes" }],
    present: [{ name: "rejected", nodes: 1, examples: ["n-new"] }],
    unblock: ["the approval of n-new, which an operator rejected"],
  });
}, 180_000);
