import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noTip } from "@shoal/core";
import { connectRequester, findServer, startServer, systemChance } from "@shoal/nats";
import { commitVersion, JobQueued, streams } from "@shoal/proto";
import { type Figures, inWindow, type Measure, perSecond } from "./measure.ts";

// Enough that the rate has settled: some seconds of work.
const appends = 60_000;
// Where one connection's rate is highest; more only queue.
const window = 500;

/** What server and client can do when nobody decides anything: the bound for all that comes after. */
export const bareLog: Measure = {
  name: "bare log",
  says: `appending ${appends} commits to ${appends} subjects, then reading them back`,
  async run() {
    const dataDir = await mkdtemp(join(tmpdir(), "shoal-bench-"));
    const server = await startServer(await findServer(), { dataDir, port: -1 });
    const ports = await connectRequester({
      requesterId: "bench",
      servers: [server.url],
      replicas: 1,
      onParked: () => undefined,
      onTrouble: () => undefined,
    });
    try {
      return { ...(await append(ports.log)), ...(await consume(ports)) };
    } finally {
      await ports.close();
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

type Ports = Awaited<ReturnType<typeof connectRequester>>;

async function append(log: Ports["log"]): Promise<Figures> {
  // About the size of a usual event.
  const event = JobQueued.of({ why: "needs 0.5 cpuCores, 0 are free ".repeat(4), answers: [] });
  const began = performance.now();
  await inWindow(appends, window, async () => {
    const id = `j-${systemChance.uuid()}`;
    const commit = {
      v: commitVersion,
      id,
      at: Date.now(),
      by: "bench",
      actor: { type: "requester", id: "r" },
      cause: { command: "bench" },
      epoch: 0,
      prev: "",
      events: [event],
    } as const;
    await log.append({ kind: "job", namespace: "default", id }, noTip, commit);
  });
  return { bareAppendsPerSecond: perSecond(appends, performance.now() - began) };
}

/** The client library's own ordered consumer, which only counts. */
export async function consume({ link, log }: Pick<Ports, "link" | "log">): Promise<Figures> {
  const last = await log.lastSeq();
  const manager = await link.manager();
  const consumer = await manager.jetstream().consumers.get(streams.events);
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const began = performance.now();
  let messages = 0;
  const consuming = await consumer.consume({
    max_messages: 1000,
    callback: (message) => {
      messages++;
      if (message.seq >= last) resolve();
    },
  });
  await end;
  const ms = performance.now() - began;
  // Otherwise it makes itself again when its heartbeats stay out.
  consuming.stop();
  await consumer.delete();
  return { bareConsumeEventsPerSecond: perSecond(messages, ms) };
}
