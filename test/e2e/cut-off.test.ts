import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Client, createClient } from "@shoal/client";
import { type JobEntity, streams } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { engineHarness } from "../../services/compute/src/executors/docker/testing/engine-harness.ts";
import { type ContainerCluster, containerCluster } from "./container-cluster.ts";
import { runShoal } from "./run-shoal.ts";
import { waitingGuest } from "./waiting-guest.ts";

const harness = await engineHarness("cut-off");
const { missing } = harness;
const title = `a cluster in containers${missing === undefined ? "" : ` (skipped: ${missing})`}`;
const nodes = ["n-1", "n-2", "n-3"];
const timeout = { timeout: 150_000, interval: 100 };

let cluster: ContainerCluster;
let client: Client;

const clientOf = async (requester: string): Promise<Client> =>
  createClient({ endpoints: [`http://${await cluster.addressOf(requester)}:80`] });

beforeAll(async () => {
  if (missing !== undefined) return;
  cluster = containerCluster({ engine: harness.engine, image: harness.image, folder: await harness.folder("shared") });
  await cluster.startServers();
  await cluster.startRequester("r-1");
  await Promise.all([cluster.startRequester("r-2"), cluster.startNode("n-1")]);
  client = await clientOf("r-2");
});
afterAll(async () => {
  await cluster?.close();
  await harness.close();
});

interface Disconnect {
  readonly LostAfter?: number;
  readonly StopAfter?: number;
}

/** Submits a job whose program waits until `end` is called with its name. */
async function submit(name: string, disconnect: Disconnect = {}): Promise<string> {
  const url = `data:application/wasm;base64,${Buffer.from(waitingGuest(name)).toString("base64")}`;
  const task = {
    Name: "main",
    Engine: { Type: "wasm", Params: { EntryModule: "/main.wasm" } },
    Resources: { CPU: "0.1", Memory: "64mb" },
    InputSources: [
      { Source: { Type: "inline", Params: { URL: url } }, Target: "/main.wasm" },
      { Source: { Type: "localDirectory", Params: { SourcePath: "/shared", ReadWrite: true } }, Target: "/shared" },
    ],
    Disconnect: disconnect,
  };
  return (await client.submit({ Name: name, Type: "batch", Tasks: [task] })).jobId;
}

const end = (name: string) =>
  Promise.all(nodes.map((node) => writeFile(join(cluster.sharedOf(node), `end-${name}`), "")));

/** The nodes on which the program of a job has begun, once for each time. */
async function begins(name: string): Promise<readonly string[]> {
  const of = async (node: string) => {
    const lines = await readFile(join(cluster.sharedOf(node), name), "utf8").catch(() => "");
    return [...lines].map(() => node);
  };
  return (await Promise.all(nodes.map(of))).flat();
}

const placesOf = async (id: string) =>
  (await client.executions(id)).items.map(({ nodeId, computeState }) => `${nodeId} ${computeState.stateType}`);
const stateOf = async (id: string): Promise<JobEntity["state"]["stateType"]> => (await client.job(id)).state.stateType;
const connectionOf = async (node: string) => (await client.node(node)).connection;
const monitorOf = async (server: string) => `http://${await cluster.addressOf(server)}:8222`;
const isWell = async (server: string) => (await fetch(`${await monitorOf(server)}/healthz`)).ok;

const Streams = z.object({
  account_details: z.array(
    z.object({
      stream_detail: z.array(z.object({ name: z.string(), cluster: z.object({ leader: z.string().default("") }) })),
    }),
  ),
});
/** The name of the server that leads the log, as a server sees it; empty while it sees none. */
async function leaderSeenBy(server: string): Promise<string> {
  const answer = await fetch(`${await monitorOf(server)}/jsz?accounts=true&streams=true`);
  const details = Streams.parse(await answer.json()).account_details.flatMap(({ stream_detail }) => stream_detail);
  return details.find(({ name }) => name === streams.events)?.cluster.leader ?? "";
}

const jobs = new Map<string, string>();

describe.skipIf(missing !== undefined)(title, () => {
  it("judges the work of a node that is cut off, and neither forgets nor repeats it when the node is back", async () => {
    jobs.set("patient", await submit("patient", { LostAfter: 3_600 }));
    jobs.set("limited", await submit("limited", { LostAfter: 3, StopAfter: 3 }));
    jobs.set("plain", await submit("plain"));
    const idOf = (name: string) => jobs.get(name) ?? expect.unreachable();
    for (const name of jobs.keys()) await expect.poll(() => begins(name), timeout).toEqual(["n-1"]);
    expect(await cluster.programsOf("n-1")).toBe(jobs.size);
    await Promise.all([cluster.startNode("n-2"), cluster.startNode("n-3")]);

    await cluster.cut("n-1");
    await expect.poll(() => connectionOf("n-1"), timeout).toBe("disconnected");
    for (const name of ["limited", "plain"]) {
      const placed = [expect.stringMatching("n-1 failed"), expect.stringMatching(/n-[23] running/)];
      await expect.poll(() => placesOf(idOf(name)), timeout).toEqual(placed);
    }
    expect(await placesOf(idOf("patient"))).toEqual(["n-1 running"]);
    const [lost] = (await client.executions(idOf("limited"))).items;
    const stops = () =>
      cluster
        .logged("n-1")
        .split("\n")
        .filter((line) => line.includes("cut off, stopping an execution"));
    await expect.poll(stops, timeout).toEqual([expect.stringContaining(lost?.id ?? "")]);
    // Nothing but the node itself can have ended its program.
    await expect.poll(() => cluster.programsOf("n-1"), timeout).toBe(jobs.size - 1);

    await cluster.rejoin("n-1");
    await expect.poll(() => connectionOf("n-1"), timeout).toBe("connected");
    // A requester denies the execution that was replaced; the one with patience continues.
    const running = async () => (await client.node("n-1")).info.computeNodeInfo?.runningExecutions;
    await expect.poll(running, timeout).toBe(1);
    const messages = async () => (await client.history(idOf("patient"))).items.map(({ event }) => event.message);
    await expect.poll(messages, timeout).toContain("Continues: its node is back in time");
    for (const name of ["limited", "plain"]) await end(name);
    for (const name of ["limited", "plain"]) await expect.poll(() => stateOf(idOf(name)), timeout).toBe("completed");
    expect(await placesOf(idOf("patient"))).toEqual(["n-1 running"]);
  }, 600_000);

  it("goes on without the server that leads the log, which has all of it when it is back", async () => {
    const cut = await leaderSeenBy("nats-1");
    const [other = ""] = ["nats-1", "nats-2"].filter((server) => server !== cut);
    await cluster.cut(cut);
    await expect.poll(() => leaderSeenBy(other), timeout).not.toBeOneOf(["", cut]);
    await end("without-a-server");
    jobs.set("without-a-server", await submit("without-a-server"));
    await expect.poll(() => stateOf(jobs.get("without-a-server") ?? ""), timeout).toBe("completed");
    await cluster.rejoin(cut);
    await expect.poll(() => isWell(cut), timeout).toBe(true);
  }, 600_000);

  it("goes on without a requester, which shows the same jobs when it is back", async () => {
    await cluster.cut("r-1");
    const names = ["a", "b", "c", "d"];
    for (const name of names) {
      await end(name);
      jobs.set(name, await submit(name));
    }
    await end("patient");
    for (const [, id] of jobs) await expect.poll(() => stateOf(id), timeout).toBe("completed");
    await cluster.rejoin("r-1");
    const back = await clientOf("r-1");
    const states = async () => Promise.all([...jobs.values()].map(async (id) => (await back.job(id)).state.stateType));
    await expect.poll(() => states().catch(() => []), timeout).toEqual([...jobs].map(() => "completed"));
  }, 600_000);

  it("has run each execution once, and its history verifies", async () => {
    for (const [name, id] of jobs) {
      const placed = (await client.executions(id)).items;
      const places = placed.map(({ nodeId }) => nodeId);
      const begun = await begins(name);
      // An execution whose node is cut off before it starts may never begin.
      const times = (all: readonly string[], node: string) => all.filter((other) => other === node).length;
      for (const node of nodes)
        expect(times(begun, node), `${name} on ${node}`).toBeLessThanOrEqual(times(places, node));
      const completed = placed.filter(({ computeState }) => computeState.stateType === "completed");
      expect(begun, name).toEqual(expect.arrayContaining(completed.map(({ nodeId }) => nodeId)));
      expect(completed, name).toHaveLength(1);
    }
    expect(await begins("patient")).toEqual(["n-1"]);
    const { urls, user, pass } = await cluster.access();
    const env = { ...process.env, SHOAL_NATS_USER: user, SHOAL_NATS_PASSWORD: pass };
    const { code, stdout, stderr } = await runShoal(["replay", "--nats", urls.join()], { env });
    expect(stdout + stderr).toContain("identical");
    expect(code).toBe(0);
  }, 240_000);
});
