import type { Logger } from "@shoal/core";
import {
  type CommandReply,
  evolveJob,
  type Job,
  type JobCommand,
  type JobEvent,
  jobKind,
  type Kind,
  type Kinds,
  type Moment,
  nodeKind,
  registry,
} from "@shoal/core";
import { createSimulatedCluster, errandKind, type SimulatedCluster, sampleSpec } from "@shoal/core/testing";
import {
  type AggregateRef,
  defineEvent,
  featureLevel,
  JobStopped,
  type Report,
  type StoredEvent,
  shardOf,
} from "@shoal/proto";
import { z } from "zod";
import { inMemory } from "../catalog/open-database.ts";
import { createCatalog } from "../catalog/sqlite-catalog.ts";
import { EffectDeliverer } from "../owner/aggregate/effect-deliverer.ts";
import { FeatureGate } from "../owner/aggregate/feature-gate.ts";
import { Reconciler } from "../owner/aggregate/reconciler.ts";
import { createDispatcher } from "../owner/dispatcher.ts";
import { Shard } from "../owner/shard/shard.ts";
import type { RequesterPorts } from "../ports.ts";
import { sliceRebuilder } from "../verify/rebuild-slice.ts";
import type { MemoryPorts } from "./memory-ports.ts";

/** An event of a later version, which ends a job. */
export const JobNoted = defineEvent("JobNoted", z.object({}));

/** The kinds of this version, with errands. */
export const knownKinds: Kinds = registry<Kind>("kind", [jobKind, nodeKind, errandKind]);

/** The writer of a test's log also places executions, which no requester accepts from another one. */
const writerKinds: Kinds = registry<Kind>("kind", [
  { ...jobKind, accepts: { ...jobKind.accepts, Place: z.unknown(), Report: z.unknown() } },
  nodeKind,
  errandKind,
]);

/** The kinds of a later version, which knows `JobNoted`. */
export const laterKinds: Kinds = registry<Kind>("kind", [
  {
    ...jobKind,
    events: [...jobKind.events, JobNoted],
    evolve: (job: Job | undefined, event: StoredEvent, moment: Moment) =>
      evolveJob(job, (event.type === "JobNoted" ? JobStopped.of({ why: "noted" }) : event) as JobEvent, moment),
  },
  nodeKind,
  errandKind,
]);

/** All jobs of these tests are in this shard. */
const testShard = 3;

/** The ids of this number of jobs in the shard. */
export function jobIds(count: number): readonly string[] {
  const ids: string[] = [];
  for (let n = 0; ids.length < count; n++) if (shardOf(`j-${n}`) === testShard) ids.push(`j-${n}`);
  return ids;
}

export const jobRef = (id: string): AggregateRef => ({ kind: "job", namespace: "default", id });

/** A requester's shard, and its calls to the servers. */
export interface OwnedShard {
  readonly shard: Shard;
  readonly ports: MemoryPorts;
  readonly reconciler: Reconciler;
  /** Writes of entries into views, each as `bucket key`. */
  readonly writes: string[];
  /** Appends and loads of the log. */
  readonly log: { appends: number; loads: number };
  readonly warnings: string[];
}

export interface ShardOverrides {
  readonly kinds?: Kinds;
  /** Changes the ports. */
  readonly change?: (ports: MemoryPorts) => Partial<RequesterPorts>;
}

/** A log with jobs, and requesters that own their shard one after the other. */
export interface ShardHarness {
  readonly sim: SimulatedCluster;
  /** Advances time until the promise resolves, at most this long. */
  until<T>(promise: Promise<T>, ms?: number): Promise<T>;
  /** Creates a shard that is not open yet. */
  own(by: string, preferences?: ShardOverrides): OwnedShard;
  /** Creates a shard and opens it. */
  open(by: string, preferences?: ShardOverrides): Promise<OwnedShard>;
  /** Decides a command on a job without the lease. */
  give(id: string, command: JobCommand): Promise<CommandReply>;
  /** Appends a commit of a later version to a job; its position. */
  note(id: string): number;
}

/** Creates an empty log. */
export function shardHarness(): ShardHarness {
  const sim = createSimulatedCluster({ kinds: laterKinds });
  const writer = sim.requester("writer");
  const silent = { send: async () => undefined, serve: async () => ({ close: async () => undefined }) };
  const dispatcher = createDispatcher({
    ...{ ports: { ...writer, commands: silent }, kinds: writerKinds, by: "writer" },
    local: () => undefined,
    onAppended: () => undefined,
  });
  let [commands, epoch] = [0, 0];
  const harness: ShardHarness = {
    sim,
    async until(promise, ms = 60_000) {
      let isDone = false;
      const end = () => {
        isDone = true;
      };
      promise.then(end, end);
      const endAt = sim.clock.now() + ms;
      await sim.clock.settle();
      while (!isDone && sim.clock.now() <= endAt) if (!(await sim.clock.step())) break;
      if (!isDone) throw new Error(`no result within ${ms} ms`);
      return await promise;
    },
    own: (by, preferences = {}) => ownedShard(sim, { by, epoch: ++epoch, ...preferences }),
    async open(by, preferences) {
      const owned = harness.own(by, preferences);
      await harness.until(owned.shard.open());
      return owned;
    },
    async give(id, command) {
      const envelope = { id: `command-${commands++}`, aggregate: jobRef(id), command, actor: client } as const;
      if (command.name !== "Submit") return await harness.until(dispatcher.send(envelope));
      return (await harness.until(dispatcher.create(envelope))).reply;
    },
    note(id) {
      const last = sim.log.messagesOf(jobRef(id)).at(-1);
      const commit = { ...sim.log.entries.at(-1)?.commit, id: `note-${id}`, prev: last?.hash ?? "" };
      return sim.log.put(
        jobRef(id),
        JSON.stringify({ ...commit, cause: { command: "Note" }, events: [JobNoted.of({})] }),
      );
    },
  };
  return harness;
}

/** Submits a job. */
export const submitted = (id: string): JobCommand => ({ name: "Submit", jobId: id, spec: sampleSpec() });

export const client = { type: "client", id: "test" } as const;

/** A node's report on an execution. */
export const reported = (saw: Report["saw"], number = 1): Report => ({ at: 1, namespace: "default", number, saw });

function ownedShard(
  sim: SimulatedCluster,
  {
    by,
    epoch,
    kinds = knownKinds,
    change = () => ({}),
  }: ShardOverrides & { readonly by: string; readonly epoch: number },
): OwnedShard {
  const warnings: string[] = [];
  const logger: Logger = { info: () => undefined, warn: (_, sentence) => void warnings.push(sentence) };
  const { logReader: logs, ...memory } = sim.requester(by, kinds);
  const catalog = createCatalog({ views: memory.views.jobs, file: inMemory, pause: async () => undefined });
  const rebuild = sliceRebuilder({ ...memory, kinds, ensureBucket: async () => undefined });
  const own: MemoryPorts = { ...memory, logs, catalog, logger, rebuild };
  const base = { ...own, ...change(own) };
  const writes: string[] = [];
  const counted = { appends: 0, loads: 0 };
  const views = Object.fromEntries(
    Object.entries(base.views).map(([bucket, store]) => [
      bucket,
      {
        ...store,
        put: (key: string, value: Parameters<typeof store.put>[1]) => {
          writes.push(`${bucket} ${key}`);
          return store.put(key, value);
        },
        remove: (key: string, seq: number) => {
          writes.push(`${bucket} ${key}`);
          return store.remove(key, seq);
        },
      },
    ]),
  ) as unknown as RequesterPorts["views"];
  const log: RequesterPorts["log"] = {
    ...base.log,
    append(...given) {
      counted.appends += 1;
      return base.log.append(...given);
    },
    load(...given) {
      counted.loads += 1;
      return base.log.load(...given);
    },
  };
  const ports = { ...base, views, log };
  const owned: { shard?: Shard } = {};
  const dispatcher = createDispatcher({
    ...{ ports, kinds, by },
    local: (envelope) => (shardOf(envelope.aggregate.id) === testShard ? owned.shard?.command(envelope) : undefined),
    onAppended: (stored) => owned.shard?.onAppended(stored),
  });
  const effects = new EffectDeliverer({ clock: ports.clock, logger, kinds, by, dispatcher });
  const scheduler = { request: () => undefined, remove: () => undefined };
  const world = { isGone: () => false, nodes: () => [], settled: () => true };
  const reconciler = new Reconciler({ clock: ports.clock, by, world, scheduler, effects });
  const features = new FeatureGate({ supported: featureLevel, logger });
  const lease = { shard: testShard, epoch };
  const shard = new Shard({ ports, kinds, reconciler, by, features, lease, positionsMs: 1_000 });
  owned.shard = shard;
  return { shard, ports: { ...own, ...ports, catalog }, reconciler, writes, log: counted, warnings };
}
