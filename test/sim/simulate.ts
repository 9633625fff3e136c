import { hash } from "node:crypto";
import { createSimulatedCluster, noFaults, releases, type SimulatedCluster } from "@shoal/core/testing";
import type { Heartbeat, StoredEvent } from "@shoal/proto";
import { type Clients, createClients } from "./clients.ts";
import { createErrands, type Errands } from "./errands.ts";
import { checkFinalState } from "./final-state-checker.ts";
import { createOperators } from "./operators.ts";
import { createPlacementChecker } from "./placement-checker.ts";
import { type Disturbance, faultsMs, type Plan, planOf } from "./plan.ts";
import { createPreemptionChecker } from "./preemption-checker.ts";
import { createQueueChecker } from "./queue-checker.ts";
import { createSafetyChecker, type SafetyChecker } from "./safety-checker.ts";
import { createSimulatedServices, type SimulatedServices } from "./services.ts";
import { createStarvationChecker } from "./starvation-checker.ts";
import { createVersions, planUpgrade } from "./versions.ts";

/** The result of one seed. */
export interface Outcome {
  readonly seed: number;
  /** SHA-256 over the whole log: the same seed, the same log. */
  readonly digest: string;
  readonly problems: readonly string[];
  /** A line for each commit and each event of the run, for a failing seed. */
  readonly trace: readonly string[];
  readonly facts: {
    readonly commits: number;
    readonly jobs: number;
    readonly steps: number;
    readonly virtualMs: number;
  };
}

const hour = 3_600_000;
// The jumps of a clock: a typing error, a time zone, and a late correction.
const jumpsMs = [2 * hour, -2 * hour, 40_000, -40_000] as const;

// Without faults, the longest chain of retries: at most 19 waits of a minute, and the runs between them. After the longest jump,
// because times that a wrong clock has set stay valid.
const patienceMs = 45 * 60_000 + 2 * hour;
// After the end of the last job: longer than a lease, a hold, a disconnection, and the interval of saved positions.
const settleMs = 30_000;
// A hundred times the steps of a long run: more means an endless loop.
const stepsMax = 3_000_000;

interface World {
  readonly plan: Plan;
  readonly sim: SimulatedCluster;
  readonly services: SimulatedServices;
  readonly safety: SafetyChecker;
  readonly clients: Clients;
  readonly errands: Errands;
  readonly lastHeartbeats: ReadonlyMap<string, Heartbeat>;
  readonly problems: string[];
  readonly trace: string[];
}

/** Runs a whole cluster through the faults of a seed, and then checks its final state. `tamper` may break it, for tests of the checks. */
export async function simulate(seed: number, tamper?: (sim: SimulatedCluster) => void): Promise<Outcome> {
  const world = createWorld(planOf(seed));
  tamper?.(world.sim);
  const { sim, services, problems, safety, clients, errands } = world;
  const startAt = sim.clock.now();
  const onRejection = (failure: unknown) => problems.push(`unhandled rejection: ${stackOf(failure)}`);
  process.on("unhandledRejection", onRejection);
  let steps = 0;
  const runUntil = async (done: () => boolean, at: number) => {
    while (!done() && problems.length === 0 && (sim.clock.nextAt() ?? at) <= at && steps < stepsMax) {
      try {
        await sim.clock.step();
      } catch (failure) {
        problems.push(`a callback threw: ${stackOf(failure)}`);
      }
      steps++;
    }
  };
  try {
    for (const supervised of services.all) supervised.raise();
    await runUntil(() => false, startAt + faultsMs);
    sim.setFaults(noFaults);
    for (const supervised of services.all) supervised.raise();
    const isDone = () => safety.open() === 0 && clients.waiting() === 0 && errands.open() === 0;
    await runUntil(isDone, startAt + faultsMs + patienceMs);
    await runUntil(() => false, sim.clock.now() + settleMs);
    if (steps >= stepsMax) problems.push(`not quiescent after ${steps} steps`);
    if (problems.length === 0) problems.push(...checkFinalState(world), ...errands.violations());
  } finally {
    process.off("unhandledRejection", onRejection);
  }
  const commits = sim.log.entries.length;
  const digest = hash("sha256", sim.log.entries.map((stored) => stored.hash).join());
  const virtualMs = sim.clock.now() - startAt;
  return { seed, digest, problems, trace: world.trace, facts: { commits, jobs: safety.jobs.size, steps, virtualMs } };
}

const stackOf = (failure: unknown): string =>
  failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);

function createWorld(plan: Plan): World {
  const sim = createSimulatedCluster({ seed: plan.seed, faults: plan.faults, kinds: releases.next.kinds });
  const startAt = sim.clock.now();
  const problems: string[] = [];
  const trace: string[] = [];
  const problem = (what: string) => void problems.push(what);
  const note = (who: string, line: string) => {
    trace.push(`${String(sim.clock.now() - startAt).padStart(7)} ${who} ${line}`);
  };
  const safety = createSafetyChecker(problem, sim.clock.now);
  const placement = createPlacementChecker({ plan, sim, startAt, problem, nodes: safety.nodes });
  const starvation = createStarvationChecker({ plan, sim, startAt, problem });
  const queue = createQueueChecker({ plan, sim, startAt, jobs: safety.jobs, problem });
  const preemption = createPreemptionChecker({
    ...{ plan, sim, startAt, problem },
    jobs: safety.jobs,
    nodes: safety.nodes,
  });
  sim.log.onAppended.add((stored) => {
    safety.see(stored);
    preemption.see(stored);
    queue.see(stored);
    starvation.see(stored);
    placement.see(stored);
    errands.see(stored);
    const { commit, aggregate, seq } = stored;
    note(
      "LOG",
      `${seq} ${aggregate.id} by ${commit.by}: ${commit.cause.command} → ${commit.events.map(lineOf).join(" · ")}`,
    );
  });
  const lastHeartbeats = new Map<string, Heartbeat>();
  sim.bidClient.listeners.add((heartbeat) => {
    lastHeartbeats.set(heartbeat.info.nodeId, heartbeat);
    placement.received(heartbeat);
  });
  let faulty = true;
  sim.clock.at(startAt + faultsMs, () => {
    faulty = false;
  });
  const crash = () => (faulty ? plan.faults.crash : 0);
  const versions = createVersions();
  const services = createSimulatedServices({
    plan,
    sim,
    prng: sim.prng.split("fleet"),
    crash,
    note,
    problem,
    endedAt: safety.endedAt,
    isStanding: safety.isStanding,
    kindsOf: versions.kindsOf,
  });
  planUpgrade({ upgrade: plan.upgrade, current: versions.current, sim, services, startAt, note });
  for (const [id, atMs] of plan.doomed) {
    sim.clock.at(startAt + atMs, () => {
      note("SIM", `${id} is removed`);
      services.nodes.find((supervised) => supervised.id === id)?.remove();
    });
  }
  for (const disturbance of plan.disturbances) planDisturbance(disturbance, { sim, services, startAt, note });
  const clients = createClients({ sim, prng: sim.prng.split("clients"), services, jobs: plan.jobs, startAt, problem });
  createOperators({
    ...{ sim, services, safety, startAt, problem },
    prng: sim.prng.split("operators"),
    planned: plan.operators,
  });
  const errands = createErrands({
    ...{ sim, services, startAt, problem },
    prng: sim.prng.split("errands"),
    errands: plan.errands,
    usesNext: plan.upgrade?.finishes === true,
  });
  return { plan, sim, services, safety, clients, errands, lastHeartbeats, problems, trace };
}

/** An event on one line: its type, and the fields that distinguish it from others of its type. */
function lineOf({ type, data }: StoredEvent): string {
  const facts = Object.entries(typeof data === "object" && data !== null ? data : {});
  const shown = facts.filter(([name]) =>
    ["executionId", "partition", "attempt", "nodeId", "code", "why", "retryAt"].includes(name),
  );
  return [type, ...shown.map(([name, value]) => `${name}=${String(value).replaceAll("\n", " ")}`)].join(" ");
}

/** Disturbances that affect all processes. */
const ofAll: ReadonlySet<Disturbance["kind"]> = new Set(["outage", "rebuild", "drop"]);

function planDisturbance(
  { kind, whom, atMs, forMs }: Disturbance,
  {
    sim,
    services,
    startAt,
    note,
  }: Pick<World, "sim" | "services"> & { startAt: number; note(who: string, line: string): void },
): void {
  const supervised = services.all[whom];
  if (supervised === undefined) return;
  // Every disturbance ends with the fault period.
  const endAt = Math.min(startAt + atMs + forMs, startAt + faultsMs);
  const acts: { readonly [K in Disturbance["kind"]]: () => void } = {
    crash: () => supervised.crash(forMs),
    stop: () => supervised.stop(forMs),
    pause: () => supervised.incarnation()?.proc.pauseUntil(endAt),
    cut: () => supervised.incarnation()?.proc.cutUntil(endAt),
    outage: () => sim.cutAll(endAt),
    rebuild: () => {
      sim.cutAll(endAt);
      sim.rebuild();
    },
    drop: () => sim.drop("assignments"),
    jump: () => {
      const byMs = jumpsMs[atMs % jumpsMs.length] ?? 0;
      const proc = supervised.incarnation()?.proc;
      proc?.jumpClock(byMs);
      // The jump is reverted.
      sim.clock.at(endAt, () => proc?.jumpClock(-byMs));
    },
  };
  sim.clock.at(startAt + atMs, () => {
    note("SIM", `${kind} ${ofAll.has(kind) ? "of all processes" : `of ${supervised.id}`} for ${forMs} ms`);
    acts[kind]();
  });
}
