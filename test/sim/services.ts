import { type Kinds, kinds as productKinds, registry } from "@shoal/core";
import type { Prng, SimulatedCluster } from "@shoal/core/testing";
import { createCompute } from "../../services/compute/src/create-compute.ts";
import type { Executor, Workload } from "../../services/compute/src/executors/executor.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { createPortRange } from "../../services/compute/src/grants/port-range.ts";
import { type MemoryTree, memoryWorkspace } from "../../services/compute/src/workspace/memory-workspace.ts";
import { createRequester, type Requester } from "../../services/requester/src/create-requester.ts";
import { memoryPorts } from "../../services/requester/src/testing/memory-ports.ts";
import { createDeviceChecker } from "./device-checker.ts";
import { type Disk, diskJournal } from "./disk.ts";
import type { Plan } from "./plan.ts";
import { gpusOf, noDevices, type PlannedDevices } from "./plan-devices.ts";
import type { PlannedNode } from "./plan-nodes.ts";
import { secretProblem, simulatedKeys } from "./plan-secret.ts";
import { createSupervisedProcess, type Incarnation, type SupervisedProcess } from "./supervised-process.ts";

export interface RequesterIncarnation extends Incarnation {
  readonly requester: Requester;
}

/** A node with the data that outlives its process. */
export interface SupervisedNode extends SupervisedProcess<Incarnation> {
  readonly disk: Disk;
  readonly files: MemoryTree;
}

export interface SimulatedServices {
  readonly requesters: readonly SupervisedProcess<RequesterIncarnation>[];
  readonly nodes: readonly SupervisedNode[];
  readonly all: readonly SupervisedProcess<Incarnation>[];
}

export interface SimulatedServicesOptions {
  readonly plan: Pick<Plan, "requesters" | "nodes" | "settings"> & Partial<Pick<Plan, "quota">>;
  readonly sim: SimulatedCluster;
  readonly prng: Prng;
  readonly crash: () => number;
  /** The maximum number of open aggregates in the cluster; no limit when left out. */
  readonly openMax?: number;
  /** The kinds of a requester at its start; by default those of the product. */
  readonly kindsOf?: (requesterId: string) => Kinds;
  /** Adds a line to the trace of a failing run. */
  readonly note: (who: string, line: string) => void;
  readonly problem: (what: string) => void;
  /** When the end of an execution was stored, by the true clock; undefined while it is live. */
  readonly endedAt: (executionId: string) => number | undefined;
  /** The execution is of a job that runs until it is stopped. */
  readonly isStanding: (executionId: string) => boolean;
}

// An execution may start shortly after its end: the message may be in flight, or delayed by a cut or a pause of up to 15 s.
const newsMs = 30_000;

/** The real services on memory ports, one supervised process each. */
export function createSimulatedServices(options: SimulatedServicesOptions): SimulatedServices {
  const requesters = options.plan.requesters.map((id) => supervisedRequester(id, options));
  const nodes = [...options.plan.nodes].map(([id, planned]) => supervisedNode(id, planned, options));
  return { requesters, nodes, all: [...requesters, ...nodes] };
}

function supervisedRequester(id: string, options: SimulatedServicesOptions): SupervisedProcess<RequesterIncarnation> {
  const { plan, sim, prng, note, problem, openMax, kindsOf = () => productKinds } = options;
  const { settings, quota } = plan;
  const emit = (facts: object, sentence: string) => note(id, `${sentence} ${JSON.stringify(facts)}`);
  const launch = (): RequesterIncarnation => {
    const kinds = kindsOf(id);
    const ports = memoryPorts(sim, id, { logger: { info: emit, warn: emit }, kinds });
    const requester = createRequester(
      {
        requesterId: id,
        auction: settings,
        nodes: settings,
        positionsMs: settings.positionsMs,
        kinds,
        keys: simulatedKeys,
        ...(quota === undefined ? {} : { quotas: new Map([[quota.namespace, { cpuCores: quota.cores }]]) }),
        ...(openMax === undefined ? {} : { jobs: { openMax } }),
      },
      ports,
    );
    return { proc: ports.proc, processes: [ports.catalog, ...requester.processes], requester };
  };
  return createSupervisedProcess({ id, sim, prng, launch, problem, stopsWhole: true });
}

function supervisedNode(
  id: string,
  planned: PlannedNode,
  { plan, sim, prng, crash, note, problem, endedAt, isStanding }: SimulatedServicesOptions,
): SupervisedNode {
  const disk: Disk = new Map();
  const files: MemoryTree = new Map();
  const startedEver = new Set<string>();
  const emit = (facts: object, sentence: string) => note(id, `${sentence} ${JSON.stringify(facts)}`);
  const { cores: cpuCores, memoryBytes, pool, devices = noDevices } = planned;
  const capacity = { cpuCores, memoryBytes, diskBytes: 2 ** 33, gpus: devices.gpus };
  const launch = (): Incarnation => {
    const started = new Set<string>();
    const { proc, clock, random, assignments, reports, bidServer, logs } = sim.node(id);
    const checker = createDeviceChecker({ nodeId: id, devices, problem });
    const counted = countStarts(networked(noop({ clock }), devices, checker), ({ id: executionId, env }) => {
      const wrong = secretProblem(env);
      if (wrong !== undefined) problem(`${executionId} ${wrong}`);
      if (!proc.isAlive()) return;
      // A node that restarts starts its services and daemons again.
      if ((isStanding(executionId) ? started : startedEver).has(executionId))
        problem(`${id} has started ${executionId} twice`);
      started.add(executionId);
      startedEver.add(executionId);
      const agoMs = sim.clock.now() - (endedAt(executionId) ?? Number.POSITIVE_INFINITY);
      if (agoMs > newsMs) problem(`${id} starts ${executionId}, which ended ${agoMs} ms ago`);
    });
    const ports = {
      clock,
      random,
      assignments,
      reports,
      bidServer,
      logs,
      journal: diskJournal(proc, disk, { prng, crash }),
      workspace: memoryWorkspace(files),
      executors: registry("executor", [counted]),
      sources: registry("source", []),
      publishers: registry("publisher", []),
      env: {},
      // No port of the simulated host is taken by another program.
      portRange: createPortRange(devices.ports, async () => undefined),
      logger: { info: emit, warn: emit },
      // The process ends and is restarted.
      onDuplicate: () => proc.kill(),
    };
    const given = { labels: { pool }, gpus: gpusOf(devices), rejectNetworked: devices.rejectsNetwork };
    return { proc, processes: createCompute({ ...nodeSettings(id, capacity, plan), ...given }, ports) };
  };
  return { ...createSupervisedProcess({ id, sim, prng, launch, problem, stopsWhole: false }), disk, files };
}

function nodeSettings(
  nodeId: string,
  capacity: Parameters<typeof createCompute>[0]["capacity"],
  { settings }: SimulatedServicesOptions["plan"],
) {
  return {
    nodeId,
    labels: {},
    capacity,
    perTask: capacity,
    slotsMax: 100,
    heartbeatMs: settings.heartbeatMs,
    rejectNetworked: false,
    hostNetwork: false,
    envAllow: [],
    version: "v0.1.0",
    address: "",
    inputsMs: 60_000,
    inputBytes: 2 ** 20,
    inputsDefaultDiskBytes: 1024 ** 3,
    publishMs: 60_000,
    outputFileBytes: 2 ** 20,
    outputBytesMax: 2 ** 22,
  };
}

/** The executor as an engine that publishes ports, and limits domains where the plan says so. */
function networked(executor: Executor, { limitsDomains }: PlannedDevices, checker: DeviceChecker): Executor {
  return {
    ...executor,
    networking: limitsDomains ? ["ports", "http"] : ["ports"],
    async start(workload) {
      const running = await executor.start(workload);
      checker.started(workload, running);
      return running;
    },
  };
}

type DeviceChecker = ReturnType<typeof createDeviceChecker>;

function countStarts(executor: Executor, started: (workload: Workload) => void): Executor {
  return {
    ...executor,
    start: (workload) => {
      started(workload);
      return executor.start(workload);
    },
  };
}
