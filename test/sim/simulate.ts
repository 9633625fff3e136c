import { hash } from "node:crypto";
import { createSimulatedCluster, noFaults, releases, type SimulatedCluster } from "@shoal/core/testing";
import type { Heartbeat, StoredEvent } from "@shoal/proto";
import { type Clients, createClients } from "./clients.ts";
import { createErrands, type Errands } from "./errands.ts";
import { checkFinalState } from "./final-state-checker.ts";
import { createPlacementChecker } from "./placement-checker.ts";
import { type Disturbance, type Plan, planOf, unrestMs } from "./plan.ts";
import { createSafetyChecker, type SafetyChecker } from "./safety-checker.ts";
import { createSimulatedServices, type SimulatedServices } from "./services.ts";
import { createStarvationChecker } from "./starvation-checker.ts";
import { createVersions, planUpgrade } from "./versions.ts";

/** What came of one seed. */
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
// By how much a clock jumps: what a person mistypes, a time zone, and what a clock that was set late is off.
const jumpsMs = [2 * hour, -2 * hour, 40_000, -40_000] as const;

// With everything calm, the longest chain of retries: 19 waits of a minute at most, and the runs between. Behind the longest jump,
// as a time that a wrong clock has set is kept to.
const patienceMs = 45 * 60_000 + 2 * hour;
// After the last job has ended: longer than a lease, a hold, a disconnection, and a saved position.
const settleMs = 30_000;
// A hundred times what a long run needs: more means that something turns in circles.
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

/** Runs a whole cluster through the troubles of a seed, and then looks whether all is well. */
export async function simulate(seed: number): Promise<Outcome> {
  const world = createWorld(planOf(seed));
  const { sim, services, problems, safety, clients, errands } = world;
  const startAt = sim.clock.now();
  const onRejection = (failure: unknown) => problems.push(`nobody took care of: ${stackOf(failure)}`);
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
    await runUntil(() => false, startAt + unrestMs);
    sim.setFaults(noFaults);
    for (const supervised of services.all) supervised.raise();
    const isDone = () => safety.open() === 0 && clients.waiting() === 0 && errands.open() === 0;
    await runUntil(isDone, startAt + unrestMs + patienceMs);
    await runUntil(() => false, sim.clock.now() + settleMs);
    if (steps >= stepsMax) problems.push(`no rest after ${steps} steps`);
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
  const placement = createPlacementChecker({ plan, sim, startAt, problem });
  const starvation = createStarvationChecker({ plan, sim, startAt, problem });
  sim.log.onAppended.add((stored) => {
    safety.see(stored);
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
  sim.clock.at(startAt + unrestMs, () => {
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
    kindsOf: versions.kindsOf,
  });
  planUpgrade({ upgrade: plan.upgrade, current: versions.current, sim, services, startAt, note });
  for (const [id, atMs] of plan.doomed) {
    sim.clock.at(startAt + atMs, () => {
      note("SEA", `${id} dies for good`);
      services.nodes.find((supervised) => supervised.id === id)?.remove();
    });
  }
  for (const disturbance of plan.disturbances) planDisturbance(disturbance, { sim, services, startAt, note });
  const clients = createClients({ sim, prng: sim.prng.split("clients"), services, jobs: plan.jobs, startAt, problem });
  const errands = createErrands({
    ...{ sim, services, startAt, problem },
    prng: sim.prng.split("errands"),
    errands: plan.errands,
    usesNext: plan.upgrade?.finishes === true,
  });
  return { plan, sim, services, safety, clients, errands, lastHeartbeats, problems, trace };
}

/** An event in a line: its kind, and what of its facts tells it from others of its kind. */
function lineOf({ type, data }: StoredEvent): string {
  const facts = Object.entries(typeof data === "object" && data !== null ? data : {});
  const collected = facts.filter(([name]) =>
    ["executionId", "partition", "attempt", "nodeId", "code", "why", "retryAt"].includes(name),
  );
  return [type, ...collected.map(([name, value]) => `${name}=${String(value).replaceAll("\n", " ")}`)].join(" ");
}

/** What concerns no process more than others. */
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
  // Whatever is disturbed is whole again when the unrest ends.
  const endAt = Math.min(startAt + atMs + forMs, startAt + unrestMs);
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
      // It is set right again.
      sim.clock.at(endAt, () => proc?.jumpClock(-byMs));
    },
  };
  sim.clock.at(startAt + atMs, () => {
    note("SEA", `${kind} ${ofAll.has(kind) ? "of everybody" : `of ${supervised.id}`} for ${forMs} ms`);
    acts[kind]();
  });
}
