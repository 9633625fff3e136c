import {
  entries,
  entryOf,
  foldJob,
  foldNode,
  jobViews,
  kinds,
  nodeViews,
  noStreamPosition,
  type StoredCommit,
} from "@shoal/core";
import { createSimulatedCluster, type ManualClock, type SimulatedCluster } from "@shoal/core/testing";
import { newKeyPem } from "@shoal/node";
import {
  type AggregateRef,
  commitVersion,
  featureLevel,
  type Heartbeat,
  JobSpec,
  type StoredEvent,
  shoalVersion,
} from "@shoal/proto";
import { createCommands } from "../commands/commands.ts";
import { wellHealth } from "../health/requester-health.ts";
import type { ApiParts } from "../http/api-context.ts";
import { type ApiOptions, createApi } from "../http/server.ts";
import { createDispatcher } from "../owner/dispatcher.ts";
import type { Holding } from "../owner/owner.ts";
import { createCluster } from "../reads/cluster.ts";
import { createNodeList } from "../reads/node-list.ts";
import type { Living } from "../reads/roster.ts";
import { selfInfo } from "../reads/self-info.ts";
import { nats } from "../results/nats.ts";
import { keyRing } from "../secrets/key-ring.ts";
import { createSecrets } from "../secrets/secrets.ts";
import { checkAnswers } from "./check-answers.ts";
import { type MemoryPorts, memoryPorts } from "./memory-ports.ts";

/** Time for requests to the memory ports, which take some of it, before the first heartbeat of a stream is due. */
const quietMs = 10_000;

/** Advances a clock over what is due soon, so that memory ports answer, and further only in `pass`. Nothing else may advance this clock. */
function driveWithin(clock: ManualClock) {
  let limitAt = clock.now() + quietMs;
  let desiredAt = clock.now();
  let driving = true;
  let passed = () => {};
  void (async () => {
    while (driving) {
      const next = clock.nextAt() ?? Number.POSITIVE_INFINITY;
      if (next <= limitAt) await clock.step();
      else await clock.settle();
      if (clock.now() < desiredAt && next > desiredAt) await clock.advanceTo(desiredAt);
      if (clock.now() >= desiredAt) passed();
    }
  })();
  return {
    pass(ms: number): Promise<void> {
      desiredAt = clock.now() + ms;
      limitAt = desiredAt + quietMs;
      return new Promise((resolve) => {
        passed = resolve;
      });
    },
    stop() {
      driving = false;
    },
  };
}

export const requesterId = "r-bench";

/** A no-op batch job. */
export const harnessSpec = (
  preferences: {
    readonly namespace?: string;
    readonly name?: string;
    readonly labels?: Record<string, string>;
    readonly count?: number;
  } = {},
) => JobSpec.parse({ type: "batch", ...preferences, tasks: [{ engine: { type: "noop" } }] });

export type ApiHarness = Awaited<ReturnType<typeof apiHarness>>;

interface LivingMember extends Living {
  readonly featureLevel?: number;
}

interface HarnessOptions
  extends Partial<Pick<ApiParts, "results" | "resultStores" | "publicUrl">>,
    Partial<ApiOptions> {}

const apiOptions = { host: "127.0.0.1", port: 0, origins: [], requestsPerSecond: 1e6, connectionsMax: 1000 } as const;

function recordedWarnings() {
  const warnings: object[] = [];
  return { warnings, logger: { info() {}, warn: (facts: object) => void warnings.push(facts) } };
}

/** The API over memory ports: a log, views that follow it at once, and functions that write history. */
export async function apiHarness({
  results = { open: async () => undefined },
  resultStores = new Map([["nats", nats()]]),
  publicUrl = "",
  ...options
}: HarnessOptions = {}) {
  const sim = createSimulatedCluster({ seed: "api" });
  const driving = driveWithin(sim.clock);
  const { warnings, logger } = recordedWarnings();
  const ports = memoryPorts(sim, requesterId, { logger });
  const heartbeats: Heartbeat[] = [];
  const living: LivingMember[] = [];
  const holdings = new Map<number, Holding>();
  const owner = { holdings: () => holdings };
  const roster = rosterOf(sim, living);
  const { clock, views, catalog } = ports;
  const membership = { nodes: () => heartbeats.map((heartbeat) => ({ heartbeat, heardAt: sim.clock.now() })) };
  const nodes = createNodeList({ views: views.nodes, membership, roster, clock, self: selfInfo(requesterId, {}) });
  const parts = {
    ...ports,
    requesterId,
    publicUrl,
    secret: "bench",
    ...writersOf(sim, ports),
    viewPositions: ports.positions,
    nodes,
    cluster: createCluster({ requesterId, roster, membership, owner, leases: ports.leases }),
    results,
    resultStores,
    health: wellHealth,
  };
  const api = createApi(parts, { ...apiOptions, ...options });
  const requireValidAnswers = checkAnswers(api.app);
  await catalog.start();
  await nodes.start();
  return {
    sim,
    api,
    app: api.app,
    catalog,
    heartbeats,
    living,
    /** The shards that the requester owns. */
    holdings,
    warnings,
    /** Advances the clock by this many milliseconds. */
    pass: driving.pass,
    /** Writes the next commit of an aggregate, and its views. */
    emit: async (aggregate: AggregateRef, ...events: readonly StoredEvent[]) => append(sim, aggregate, events),
    async close() {
      await api.stop();
      await nodes.stop();
      await catalog.stop();
      driving.stop();
      requireValidAnswers();
    },
  };
}

/** What writes to the log; the views follow it at once. */
function writersOf(sim: SimulatedCluster, ports: MemoryPorts) {
  const appended = { local: () => undefined, onAppended: (stored: StoredCommit) => project(sim, stored.aggregate) };
  const dispatcher = createDispatcher({ ports, kinds, by: requesterId, ...appended });
  const secrets = createSecrets({ dispatcher, ports, keys: keyRing(newKeyPem()) });
  return { secrets, commands: createCommands({ dispatcher, random: ports.random, secrets }) };
}

/** Live requesters of this release, unless their entry has another level. */
function rosterOf(sim: SimulatedCluster, living: readonly LivingMember[]) {
  return {
    living: () => living,
    snapshot: () => ({
      ...sim.leases.snapshot(),
      members: new Map(
        living.map(({ requesterId: id, featureLevel: level = featureLevel }) => [
          id,
          { version: shoalVersion, featureLevel: level },
        ]),
      ),
    }),
  };
}

function append(sim: SimulatedCluster, aggregate: AggregateRef, events: readonly StoredEvent[]): StoredCommit {
  const streamHead = sim.log.load(aggregate, 0).at(-1) ?? noStreamPosition;
  const id = `c-${sim.log.entries.length}`;
  const at = sim.clock.now();
  const commit = {
    v: commitVersion,
    id,
    at,
    by: requesterId,
    actor: { type: "requester", id: "r" },
    cause: { command: "test" },
    epoch: 0,
    prev: streamHead.hash,
    events,
  } as const;
  const after = sim.log.append(aggregate, streamHead, commit);
  project(sim, aggregate);
  return { aggregate, ...after, commit };
}

/** Writes the views of an aggregate from its log. */
function project(sim: SimulatedCluster, aggregate: AggregateRef): void {
  const stored = sim.log.load(aggregate, 0);
  const job = aggregate.kind === "job" ? foldJob(stored) : undefined;
  const node = aggregate.kind === "node" ? foldNode(stored) : undefined;
  if (job !== undefined) for (const view of jobViews) write(sim, view.bucket.name, entries(view, job));
  if (node !== undefined) for (const view of nodeViews) write(sim, view.bucket.name, entries(view, node));
}

function write(sim: SimulatedCluster, bucket: string, expected: ReturnType<typeof entries>): void {
  const saved = Object.values(sim.views).find((each) => each.name === bucket);
  for (const { key, seq, value } of expected) saved?.write(key, seq, entryOf(seq, value));
}
