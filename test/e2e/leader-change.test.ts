import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveCompute } from "@shoal/compute";
import { connectRequester, type NatsRequesterPorts, permissionsOfNode, permissionsOfRequester } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { streams } from "@shoal/proto";
import { serveRequester } from "@shoal/requester";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type NatsCluster, startNatsCluster } from "./nats-cluster.ts";

const password = "right";
const users = [
  { user: "requester", password, rights: permissionsOfRequester() },
  { user: "n-1", password, rights: permissionsOfNode("n-1") },
];

let folder = "";
let cluster: NatsCluster;
let reader: NatsRequesterPorts;
let api = "";
const quit = Promise.withResolvers<void>();
const served: Promise<void>[] = [];

/** Starts a service in this process and returns the facts that it reports when it is ready. */
async function start<F>(
  serve: (serving: { readonly quit: Promise<void>; readonly onReady: (facts: F) => void }) => Promise<void>,
): Promise<F> {
  const ready = Promise.withResolvers<F>();
  const running = serve({ quit: quit.promise, onReady: ready.resolve });
  running.catch(ready.reject);
  served.push(running);
  return await ready.promise;
}

const given = (user: string, flags: Readonly<Record<string, unknown>>) => ({
  env: {},
  flags: {
    ...{ "nats.url": cluster.urls, "nats.user": user, "nats.password": password },
    ...{ "log.level": "silent", dataDir: join(folder, user), ...flags },
  },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-leader-"));
  cluster = await startNatsCluster(folder, users);
  const settings = { requesterId: "r-1", "nats.replicas": 3, "http.port": 0 };
  const facts = await start<{ readonly api: string }>((serving) =>
    serveRequester({ ...serving, given: given("requester", settings) }),
  );
  api = `${facts.api}/api/v1/orchestrator`;
  await start((serving) => serveCompute({ ...serving, given: given("n-1", { nodeId: "n-1", "wasm.poolSize": 0 }) }));
  reader = await connectRequester({
    ...{
      clock: systemClock(),
      random: systemRandom,
      requesterId: "reader",
      user: "requester",
      pass: password,
      replicas: 3,
    },
    servers: cluster.urls.split(","),
    onParked: () => undefined,
  });
}, 120_000);
afterAll(async () => {
  await reader?.close();
  quit.resolve();
  await Promise.all(served);
  await cluster?.close();
  await rm(folder, { recursive: true, force: true });
}, 180_000);

/** The index of the server that leads the log. */
async function leader(): Promise<number> {
  const { streams: api } = await reader.session.manager();
  return Number((await api.info(streams.events)).cluster?.leader?.slice("nats-".length));
}

/** Submits a job, with retries while the API cannot reach the log; returns its id. */
async function submit(): Promise<string> {
  const Job = { Type: "batch", Tasks: [{ Name: "main", Engine: { Type: "noop", Params: {} } }] };
  for (;;) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${api}/jobs`, { method: "PUT", headers, body: JSON.stringify({ Job }) });
    if (response.ok) return z.object({ JobID: z.string() }).parse(await response.json()).JobID;
    expect(response.status).toBe(503);
  }
}

interface Recorded {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
}

const Event = z.object({ id: z.string(), type: z.string(), subject: z.string() });

/** The feed from the start of the log until it is closed; like a browser, it resumes after the last event when the connection ends. */
function listen(): { readonly all: Recorded[]; close(): void } {
  const all: Recorded[] = [];
  const closed = new AbortController();
  void (async () => {
    while (!closed.signal.aborted) {
      const last = all.at(-1)?.id;
      const headers: Record<string, string> = last === undefined ? {} : { "last-event-id": last };
      const response = await fetch(`${api}/events?after=0`, { headers, signal: closed.signal }).catch(() => undefined);
      if (response?.ok === true) await readEvents(response, (event) => all.push(event)).catch(() => undefined);
    }
  })();
  return { all, close: () => closed.abort() };
}

async function readEvents({ body }: Response, onEvent: (event: Recorded) => void): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of body ?? []) {
    text += decoder.decode(piece, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) onEvent(Event.parse(JSON.parse(data)));
    }
  }
}

/** Every event of the log, as the feed numbers them. */
async function idsInLog(): Promise<readonly string[]> {
  const ids: string[] = [];
  await reader.log.scan(0, ({ seq, commit }) => {
    ids.push(...commit.events.map((_, index) => `${seq}.${index}`));
  });
  return ids;
}

// Enough for appends in flight at any time, and few enough to end within seconds.
const clients = 8;
const jobsPerClient = 5;

const patience = { timeout: 150_000, interval: 100 };

/** Clients that submit jobs one after the other. */
function startClients(acknowledged: string[]): { readonly begun: Promise<void>; readonly done: Promise<unknown> } {
  const begun = Promise.withResolvers<void>();
  const enough = acknowledged.length + clients;
  const client = async (): Promise<void> => {
    for (let n = 0; n < jobsPerClient; n++) {
      acknowledged.push(await submit());
      if (acknowledged.length === enough) begun.resolve();
    }
  };
  return { begun: begun.promise, done: Promise.all(Array.from({ length: clients }, client)) };
}

it("loses and duplicates no event, and ends every job, while each server is killed, the leader of the log first", {
  timeout: 300_000,
}, async () => {
  const feed = listen();
  const acknowledged: string[] = [];
  const first = await leader();
  // A consumer has one server. So each server is killed: the one of the feed's consumer, and those of the owner's.
  for (const index of [0, 1, 2].map((n) => (first + n) % 3)) {
    const load = startClients(acknowledged);
    await load.begun;
    const startAgain = await cluster.stop(index, "SIGKILL");
    // A server that comes back before the election may be elected again.
    await expect.poll(leader, patience).toSatisfy((now: number) => now >= 0 && now !== index);
    await startAgain();
    await load.done;
  }
  acknowledged.push(await submit());
  const completed = () =>
    new Set(feed.all.flatMap(({ type, subject }) => (type === "shoal.JobCompleted" ? [subject] : [])));
  await expect.poll(() => acknowledged.filter((id) => !completed().has(id)), patience).toEqual([]);
  // A job with a lost acknowledgement ends as well.
  const submitted = () => feed.all.flatMap(({ type, subject }) => (type === "shoal.JobSubmitted" ? [subject] : []));
  await expect.poll(() => submitted().filter((id) => !completed().has(id)), patience).toEqual([]);
  expect(new Set(submitted()).size).toBe(submitted().length);
  await expect.poll(async () => (await idsInLog()).at(-1) === feed.all.at(-1)?.id, patience).toBe(true);
  feed.close();
  expect(feed.all.map(({ id }) => id)).toEqual(await idsInLog());
});
