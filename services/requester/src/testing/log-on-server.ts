import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kinds, noStreamPosition, type StoredCommit, type StreamPosition } from "@shoal/core";
import { sampleInfo } from "@shoal/core/testing";
import { connectRequester, findServer, type NatsRequesterPorts, type RunningServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import {
  type AggregateRef,
  commitVersion,
  JobCompleted,
  JobStarted,
  JobSubmitted,
  NodeJoined,
  type StoredEvent,
} from "@shoal/proto";
import { expectedEntries } from "../verify/expected-entries.ts";
import { foldNext, notFolded } from "../verify/folded.ts";
import type { Stores } from "../verify/stored-views.ts";
import { harnessSpec } from "./api-harness.ts";
import { jobRef, steps } from "./sample-jobs.ts";

/** A log with its views on a separate server. */
export interface LogOnServer {
  readonly server: RunningServer;
  readonly ports: NatsRequesterPorts;
  append(aggregate: AggregateRef, after: StreamPosition, ...events: readonly StoredEvent[]): Promise<StreamPosition>;
  /** A running job, and its views as an owner writes them. */
  start(jobId: string): Promise<StreamPosition>;
  /** Its end, and its views. */
  complete(jobId: string, after: StreamPosition): Promise<void>;
  /** A job from submission to its end, with its views. */
  live(jobId: string): Promise<void>;
  join(nodeId: string): Promise<void>;
  /** The content of a bucket, byte for byte. */
  stored(bucket: keyof NatsRequesterPorts["views"]): Promise<Readonly<Record<string, string>>>;
  /** The last position of every stream on the server, buckets included, by name. */
  lastSequences(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

const spec = harnessSpec();

/** Starts a server and connects. */
export async function logOnServer(): Promise<LogOnServer> {
  const root = await mkdtemp(join(tmpdir(), "shoal-verify-"));
  const server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
  const ports = await connectRequester({
    clock: systemClock(),
    random: systemRandom,
    requesterId: "r-1",
    replicas: 1,
    servers: [server.url],
    onParked: () => {},
  });
  const { log } = ports;
  const append = (aggregate: AggregateRef, after: StreamPosition, ...events: readonly StoredEvent[]) =>
    log.append(aggregate, after, commitOf(aggregate, after, events));
  const project = (aggregate: AggregateRef) => projected(ports, aggregate);
  const start = async (jobId: string) => {
    const submitted = await append(jobRef(jobId), noStreamPosition, JobSubmitted.of({ jobId, spec, version: 1 }));
    const assigned = await append(jobRef(jobId), submitted, steps.assigned(jobId), JobStarted.of({}));
    await project(jobRef(jobId));
    return assigned;
  };
  const complete = async (jobId: string, after: StreamPosition) => {
    await append(jobRef(jobId), after, steps.started(jobId), steps.completed(jobId), JobCompleted.of({}));
    await project(jobRef(jobId));
  };
  return {
    server,
    ports,
    append,
    start,
    complete,
    live: async (jobId) => await complete(jobId, await start(jobId)),
    async join(nodeId) {
      const ref = { kind: "node", namespace: "", id: nodeId };
      await append(ref, noStreamPosition, NodeJoined.of({ info: sampleInfo(nodeId), startedAt: 1 }));
      await project(ref);
    },
    async stored(bucket) {
      const entries = new Map<string, string>();
      await ports.readAll(bucket, {
        begins: () => entries.clear(),
        deliver: (key, bytes) =>
          bytes === undefined ? entries.delete(key) : entries.set(key, Buffer.from(bytes).toString()),
      });
      return Object.fromEntries([...entries].filter(([key]) => !key.startsWith("_")).sort());
    },
    async lastSequences() {
      const last = new Map<string, number>();
      const { streams } = await ports.session.manager();
      for await (const { config, state } of streams.list()) last.set(config.name, state.last_seq);
      return Object.fromEntries(last);
    },
    async close() {
      await ports.close();
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

const commitOf = (
  { id }: AggregateRef,
  { seq, hash }: StreamPosition,
  events: readonly StoredEvent[],
): StoredCommit["commit"] => ({
  v: commitVersion,
  id: `${id}-${seq}`,
  at: 1,
  by: "r-1",
  actor: { type: "requester", id: "r-1" },
  cause: { command: "test" },
  epoch: 0,
  prev: hash,
  events,
});

/** Writes an aggregate's entries, and removes those that it had before. */
async function projected({ log, views }: NatsRequesterPorts, aggregate: AggregateRef): Promise<void> {
  const stores: Stores = views;
  const buckets = new Set(Object.keys(stores));
  let folded = notFolded(kinds, aggregate);
  const gone = new Map<string, { bucket: string; key: string }>();
  for (const stored of await log.load(aggregate)) {
    for (const { bucket, key } of expectedEntries(folded, buckets)) gone.set(`${bucket} ${key}`, { bucket, key });
    folded = foldNext(folded, stored);
  }
  for (const { bucket, key, entry } of expectedEntries(folded, buckets)) {
    gone.delete(`${bucket} ${key}`);
    await stores[bucket]?.put(key, entry);
  }
  for (const { bucket, key } of gone.values()) await stores[bucket]?.remove(key, folded.aggregate.head.seq);
}
