import { createPrng, drawFaults, type Faults, type Prng, sampleSpec } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";
import { drawDemands } from "./plan-devices.ts";
import { drawErrands, type PlannedErrand } from "./plan-errands.ts";
import { drawNodes, drawPreferences, fits, needsOf, type PlannedNode } from "./plan-nodes.ts";
import { drawOrders, type PlannedOrders, withPatience } from "./plan-orders.ts";
import { drawRivals } from "./plan-rivals.ts";
import { drawSecret } from "./plan-secret.ts";
import { drawStream, starvedMs } from "./plan-stream.ts";
import { drawTypes, type PlannedVersion } from "./plan-types.ts";
import { drawUpgrade, type PlannedUpgrade } from "./versions.ts";

/** A fault of one process, or of all: its time and duration, milliseconds from the start. */
export interface Disturbance {
  readonly kind: "crash" | "stop" | "pause" | "cut" | "outage" | "rebuild" | "drop" | "jump";
  /** The index of the process. */
  readonly whom: number;
  readonly atMs: number;
  readonly forMs: number;
}

/** A job that a client submits. */
export interface PlannedJob {
  readonly spec: JobSpec;
  readonly atMs: number;
  /** Submitted with a token, so that the client may retry. */
  readonly token: string | undefined;
  readonly stopAtMs: number | undefined;
  /** Versions that follow the first one, in their order; none when left out. */
  readonly versions?: readonly PlannedVersion[];
}

/** Everything that a seed determines before the first step. */
export interface Plan {
  readonly seed: number;
  readonly requesters: readonly string[];
  readonly nodes: ReadonlyMap<string, PlannedNode>;
  /** Nodes that die without a restart, with their times in milliseconds from the start. */
  readonly doomed: ReadonlyMap<string, number>;
  readonly jobs: readonly PlannedJob[];
  readonly errands: readonly PlannedErrand[];
  readonly operators: PlannedOrders;
  readonly upgrade: PlannedUpgrade | undefined;
  readonly disturbances: readonly Disturbance[];
  readonly faults: Faults;
  /** Cores that the executions of one namespace may use at once; undefined for no quota. */
  readonly quota: { readonly namespace: string; readonly cores: number } | undefined;
  readonly settings: {
    readonly width: number;
    readonly rounds: number;
    readonly waitMs: number;
    readonly reserveAfterMs?: number;
    readonly preemption?: boolean;
    readonly disconnectAfterMs: number;
    readonly settleMs: number;
    readonly forgetAfterMs?: number;
    readonly manualApproval?: boolean;
    readonly positionsMs: number;
    readonly heartbeatMs: number;
  };
}

/** The length of the fault period at the start of a run. */
export const faultsMs = 60_000;

// Some jobs are submitted after a time without faults: then no refusal and no long wait is allowed.
const noFaultJobsMs = { least: faultsMs + 30_000, most: faultsMs + 60_000 } as const;

// Longer than a job may wait while smaller ones start.
const streamMs = starvedMs + 60_000;

/** Draws a whole run from a seed. */
export function planOf(seed: number): Plan {
  const prng = createPrng(seed).split("plan");
  const requesters = Array.from({ length: prng.between(1, 3) }, (_, index) => `r-${index}`);
  const nodes = drawNodes(prng.split("nodes"));
  const isLarge = nodes.size > manyNodes;
  const processes = requesters.length + nodes.size;
  // At least one remains: without a node no job ends.
  const doomed = new Map(
    [...nodes.keys()].slice(1).flatMap((id) => (prng.happens(0.15) ? [[id, prng.between(0, faultsMs)]] : [])),
  );
  const survivors = [...nodes].flatMap(([id, node]) => (doomed.has(id) ? [] : [node]));
  const kinds = prng.happens(0.5) ? allKinds : ([prng.pick(allKinds)] as const);
  const jobs = prng.split("jobs");
  const operators = drawOrders(prng.split("orders"), { nodes: [...nodes.keys()], doomed, faultsMs });
  const patience = prng.split("patience");
  const isPatient = patience.happens(0.3);
  const preemption = prng.split("preemption").happens(0.4);
  return {
    seed,
    requesters,
    nodes,
    doomed,
    // Limits a seed with many nodes to the time of ten others.
    jobs: [
      ...Array.from({ length: isLarge ? jobs.between(1, 6) : jobs.pick([1, 3, 8, 20]) }, (_, index) =>
        jobOf(jobs, index, survivors),
      ).map((job, index) => ({ ...job, spec: drawSecret(jobs.split(`secret-${index}`), job.spec) })),
      ...(jobs.happens(crowdedShare) ? crowdOf(jobs.split("crowd"), survivors) : []),
      ...(isLarge ? rareJobs(jobs.split("rare"), survivors) : []),
      ...drawTypes(jobs.split("types"), { faultsMs }),
      ...drawRivals(jobs.split("rivals"), { survivors, fromMs: noFaultJobsMs.least, preemption }),
      ...drawStream(jobs.split("stream"), survivors, { fromMs: faultsMs, lastMs: streamMs }),
    ]
      .map((job) => (isPatient ? { ...job, spec: withPatience(patience, job.spec) } : job))
      .map((job) => (preemption ? spreadPriorities(job) : job)),
    operators,
    upgrade: drawUpgrade(prng.split("upgrade"), requesters, faultsMs),
    errands: drawErrands(prng.split("errands"), faultsMs * 0.7),
    disturbances: Array.from({ length: prng.pick([0, 1, 4, 12]) }, () => disturbanceOf(prng, processes, kinds)),
    faults: drawFaults(prng.split("faults")),
    quota: drawQuota(prng.split("quota")),
    settings: {
      width: prng.between(1, 4),
      rounds: prng.between(1, 3),
      waitMs: prng.pick([50, 250, 1_000]),
      disconnectAfterMs: isLarge ? 10_000 : prng.pick([3_000, 10_000]),
      settleMs: prng.pick([500, 3_000]),
      positionsMs: prng.pick([100, 1_000]),
      heartbeatMs: isLarge ? 1_000 : prng.pick([500, 1_000]),
      reserveAfterMs: prng.pick([5_000, 30_000]),
      manualApproval: operators.manualApproval,
      preemption,
    },
  };
}

// More than the gap at which a job preempts another one.
const priorityStep = 15;

/** Priorities so far apart that jobs preempt each other. */
function spreadPriorities(job: PlannedJob): PlannedJob {
  const spread = (spec: JobSpec): JobSpec => ({ ...spec, priority: spec.priority * priorityStep });
  const versions = job.versions?.map((version) => ({ ...version, spec: version.spec && spread(version.spec) }));
  return { ...job, spec: spread(job.spec), ...(versions === undefined ? {} : { versions }) };
}

// The largest job that a node runs: no job is larger than the quota and waits for ever.
const quotaCores = 8;

const drawQuota = (prng: Prng): Plan["quota"] =>
  prng.happens(0.25) ? { namespace: prng.pick(["default", "blue"]), cores: quotaCores } : undefined;

// More than the typical numbers of a seed.
const manyNodes = 64;

function jobOf(prng: Prng, index: number, survivors: readonly PlannedNode[]): PlannedJob {
  // A long one occupies its node while others need room on other nodes.
  const params: Record<string, unknown> = { RunSeconds: prng.pick([0, 0, 0.05, 2, 15, 90]) };
  if (prng.happens(0.15)) params["FailWith"] = "it was configured to fail";
  if (prng.happens(0.1)) params["ExitCode"] = 3;
  const { pool, ...resources } = drawPreferences(prng);
  const plain: JobSpec = {
    ...sampleSpec({
      count: prng.pick([0, 1, 1, 1, 2, 3, 6]),
      params,
      resources,
      timeouts: {
        ...(prng.happens(0.2) ? { executionTimeout: prng.between(1, 10) } : {}),
        ...(prng.happens(0.1) ? { totalTimeout: 60 } : {}),
      },
      priority: prng.between(0, 3),
      namespace: prng.pick(["default", "blue"]),
    }),
    constraints: pool === undefined ? [] : inPool(pool),
  };
  const spec = drawDemands(prng.split(`demands-${index}`), plain);
  const canRun = survivors.some((node) => fits(needsOf(spec), node));
  const atMs = prng.happens(0.2) ? noFaultsAt(prng) : prng.between(0, faultsMs * 0.7);
  return {
    spec: bounded(prng, { spec, canRun }),
    atMs,
    token: prng.happens(0.7) ? `token-${index}` : undefined,
    stopAtMs: prng.happens(0.15) ? atMs + prng.between(0, 20_000) : undefined,
  };
}

// One seed in eight has a pool with more queued jobs than one scheduling round covers.
const crowdedShare = 0.125;
// More than one heartbeat wakes; not more, because they run one after the other.
const crowdMost = 8;

/** Jobs that each fill the largest node of one pool for minutes, and later small ones that may run on any node. */
function crowdOf(prng: Prng, survivors: readonly PlannedNode[]): PlannedJob[] {
  const [first, ...rest] = survivors;
  if (first === undefined) return [];
  const { pool } = prng.pick([first, ...rest]);
  const cpu = String(Math.max(...survivors.filter((node) => node.pool === pool).map(({ cores }) => cores)));
  const large = sampleSpec({ params: { RunSeconds: 90 }, resources: { cpu, memory: "1Mb" } });
  const small = sampleSpec({ params: { RunSeconds: 0 }, resources: { cpu: "500m", memory: "1Mb" } });
  const crowd = Array.from({ length: prng.between(crowdMost - 2, crowdMost) }, (_, index) => ({
    spec: { ...large, constraints: inPool(pool) },
    atMs: prng.between(0, noFaultJobsMs.least),
    token: `crowd-${index}`,
    stopAtMs: undefined,
  }));
  const late = { spec: small, atMs: noFaultJobsMs.most, token: "late", stopAtMs: undefined };
  return [...crowd, late];
}

/** Jobs that only a few of many nodes can run. */
function rareJobs(prng: Prng, survivors: readonly PlannedNode[]): PlannedJob[] {
  if (!survivors.some(({ pool }) => pool === "rare")) return [];
  const spec = { ...sampleSpec({ resources: { cpu: "1", memory: "1Mb" } }), constraints: inPool("rare") };
  return ["rare-0", "rare-1", "rare-2"].map((token) => ({ spec, atMs: noFaultsAt(prng), token, stopAtMs: undefined }));
}

const inPool = (pool: string): JobSpec["constraints"] => [{ key: "pool", operator: "=", values: [pool] }];

const noFaultsAt = (prng: Prng): number => prng.between(noFaultJobsMs.least, noFaultJobsMs.most);

/** A job that no surviving node can run waits for ever, also after a run on a node that died, unless its spec has a limit. */
function bounded(prng: Prng, { spec, canRun }: { readonly spec: JobSpec; readonly canRun: boolean }): JobSpec {
  const queued = prng.happens(0.2) || !canRun ? withTimeouts(spec, { queueTimeout: prng.between(5, 40) }) : spec;
  return canRun ? queued : withTimeouts(queued, { totalTimeout: 120 });
}

function withTimeouts(spec: JobSpec, more: Partial<JobSpec["tasks"][number]["timeouts"]>): JobSpec {
  return { ...spec, tasks: spec.tasks.map((task) => ({ ...task, timeouts: { ...task.timeouts, ...more } })) };
}

// Half of the seeds have all kinds of faults, the others many of one kind.
const allKinds = ["crash", "stop", "pause", "cut", "outage", "rebuild", "drop", "jump"] as const;

function disturbanceOf(
  prng: Prng,
  processes: number,
  kinds: readonly [Disturbance["kind"], ...Disturbance["kind"][]],
): Disturbance {
  return {
    kind: prng.pick(kinds),
    whom: prng.between(0, processes - 1),
    atMs: prng.between(0, faultsMs),
    // Up to more than the length of a lease and the time limit of a silent node.
    forMs: prng.pick([10, 500, 5_000, 15_000]),
  };
}
