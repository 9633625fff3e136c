import { hash } from "node:crypto";
import { calm, createSea, releases, type Sea } from "@shoal/core/testing";
import type { Heartbeat, StoredEvent } from "@shoal/proto";
import { type Clients, createClients } from "./clients.ts";
import { createErrands, type Errands } from "./errands.ts";
import { createFleet, type Fleet } from "./fleet.ts";
import { createPlacementChecker } from "./placement-checker.ts";
import { type Disturbance, type Plan, planOf, unrestMs } from "./plan.ts";
import { findUnrest } from "./quiet.ts";
import { createStarvationChecker } from "./starvation-checker.ts";
import { createVersions, planUpgrade } from "./versions.ts";
import { createWatchman, type Watchman } from "./watchman.ts";

/** What came of one seed. */
export interface Outcome {
  readonly seed: number;
  /** SHA-256 over the whole log: the same seed, the same log. */
  readonly digest: string;
  readonly problems: readonly string[];
  /** A line for each commit and each event of the run, for a failing seed. */
  readonly story: readonly string[];
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
  readonly sea: Sea;
  readonly fleet: Fleet;
  readonly watchman: Watchman;
  readonly clients: Clients;
  readonly errands: Errands;
  readonly lastHeartbeats: ReadonlyMap<string, Heartbeat>;
  readonly problems: string[];
  readonly story: string[];
}

/** Runs a whole cluster through the troubles of a seed, and then looks whether all is well. */
export async function simulate(seed: number): Promise<Outcome> {
  const world = createWorld(planOf(seed));
  const { sea, fleet, problems, watchman, clients, errands } = world;
  const startAt = sea.clock.now();
  const onRejection = (failure: unknown) => problems.push(`nobody took care of: ${stackOf(failure)}`);
  process.on("unhandledRejection", onRejection);
  let steps = 0;
  const runUntil = async (done: () => boolean, at: number) => {
    while (!done() && problems.length === 0 && (sea.clock.nextAt() ?? at) <= at && steps < stepsMax) {
      try {
        await sea.clock.step();
      } catch (failure) {
        problems.push(`a callback threw: ${stackOf(failure)}`);
      }
      steps++;
    }
  };
  try {
    for (const ship of fleet.all) ship.raise();
    await runUntil(() => false, startAt + unrestMs);
    sea.setFaults(calm);
    for (const ship of fleet.all) ship.raise();
    const isDone = () => watchman.open() === 0 && clients.waiting() === 0 && errands.open() === 0;
    await runUntil(isDone, startAt + unrestMs + patienceMs);
    await runUntil(() => false, sea.clock.now() + settleMs);
    if (steps >= stepsMax) problems.push(`no rest after ${steps} steps`);
    if (problems.length === 0) problems.push(...findUnrest(world), ...errands.unrest());
  } finally {
    process.off("unhandledRejection", onRejection);
  }
  const commits = sea.log.entries.length;
  const digest = hash("sha256", sea.log.entries.map((stored) => stored.hash).join());
  const virtualMs = sea.clock.now() - startAt;
  return { seed, digest, problems, story: world.story, facts: { commits, jobs: watchman.jobs.size, steps, virtualMs } };
}

const stackOf = (failure: unknown): string =>
  failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);

function createWorld(plan: Plan): World {
  const sea = createSea({ seed: plan.seed, faults: plan.faults, kinds: releases.next.kinds });
  const startAt = sea.clock.now();
  const problems: string[] = [];
  const story: string[] = [];
  const problem = (what: string) => void problems.push(what);
  const note = (who: string, line: string) => {
    story.push(`${String(sea.clock.now() - startAt).padStart(7)} ${who} ${line}`);
  };
  const watchman = createWatchman(problem, sea.clock.now);
  const placement = createPlacementChecker({ plan, sea, startAt, problem });
  const starvation = createStarvationChecker({ plan, sea, startAt, problem });
  sea.log.onAppended.add((stored) => {
    watchman.see(stored);
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
  sea.market.listeners.add((heartbeat) => {
    lastHeartbeats.set(heartbeat.info.nodeId, heartbeat);
    placement.heard(heartbeat);
  });
  let faulty = true;
  sea.clock.at(startAt + unrestMs, () => {
    faulty = false;
  });
  const crash = () => (faulty ? plan.faults.crash : 0);
  const versions = createVersions();
  const fleet = createFleet({
    plan,
    sea,
    dice: sea.dice.split("fleet"),
    crash,
    note,
    problem,
    endedAt: watchman.endedAt,
    kindsOf: versions.kindsOf,
  });
  planUpgrade({ upgrade: plan.upgrade, current: versions.current, sea, fleet, startAt, note });
  for (const [id, atMs] of plan.doomed) {
    sea.clock.at(startAt + atMs, () => {
      note("SEA", `${id} dies for good`);
      fleet.nodes.find((ship) => ship.id === id)?.sink();
    });
  }
  for (const disturbance of plan.disturbances) planDisturbance(disturbance, { sea, fleet, startAt, note });
  const clients = createClients({ sea, dice: sea.dice.split("clients"), fleet, jobs: plan.jobs, startAt, problem });
  const errands = createErrands({
    ...{ sea, fleet, startAt, problem },
    dice: sea.dice.split("errands"),
    errands: plan.errands,
    usesNext: plan.upgrade?.finishes === true,
  });
  return { plan, sea, fleet, watchman, clients, errands, lastHeartbeats, problems, story };
}

/** An event in a line: its kind, and what of its facts tells it from others of its kind. */
function lineOf({ type, data }: StoredEvent): string {
  const facts = Object.entries(typeof data === "object" && data !== null ? data : {});
  const told = facts.filter(([name]) =>
    ["executionId", "partition", "attempt", "nodeId", "code", "why", "retryAt"].includes(name),
  );
  return [type, ...told.map(([name, value]) => `${name}=${String(value).replaceAll("\n", " ")}`)].join(" ");
}

/** What concerns no process more than others. */
const ofAll: ReadonlySet<Disturbance["kind"]> = new Set(["outage", "rebuild", "drop"]);

function planDisturbance(
  { kind, whom, atMs, forMs }: Disturbance,
  {
    sea,
    fleet,
    startAt,
    note,
  }: Pick<World, "sea" | "fleet"> & { startAt: number; note(who: string, line: string): void },
): void {
  const ship = fleet.all[whom];
  if (ship === undefined) return;
  // Whatever is disturbed is whole again when the unrest ends.
  const endAt = Math.min(startAt + atMs + forMs, startAt + unrestMs);
  const acts: { readonly [K in Disturbance["kind"]]: () => void } = {
    crash: () => ship.crash(forMs),
    stop: () => ship.stop(forMs),
    pause: () => ship.voyage()?.berth.pauseUntil(endAt),
    cut: () => ship.voyage()?.berth.cutUntil(endAt),
    outage: () => sea.cutAll(endAt),
    rebuild: () => {
      sea.cutAll(endAt);
      sea.rebuild();
    },
    drop: () => sea.drop("assignments"),
    jump: () => {
      const byMs = jumpsMs[atMs % jumpsMs.length] ?? 0;
      const berth = ship.voyage()?.berth;
      berth?.jumpClock(byMs);
      // It is set right again.
      sea.clock.at(endAt, () => berth?.jumpClock(-byMs));
    },
  };
  sea.clock.at(startAt + atMs, () => {
    note("SEA", `${kind} ${ofAll.has(kind) ? "of everybody" : `of ${ship.id}`} for ${forMs} ms`);
    acts[kind]();
  });
}
