import { createDice, type Dice, drawFaults, type Faults, sampleSpec } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";

/** What happens to one process, or to everybody: at a time, for a while; milliseconds from the start. */
export interface Disturbance {
  readonly kind: "crash" | "stop" | "pause" | "cut" | "outage" | "rebuild" | "drop" | "jump";
  /** Which process, as a number among all of them. */
  readonly whom: number;
  readonly atMs: number;
  readonly forMs: number;
}

/** A job that a client submits. */
export interface PlannedJob {
  readonly spec: JobSpec;
  readonly atMs: number;
  /** Submitted under a token, so that the client may say it again. */
  readonly token: string | undefined;
  readonly stopAtMs: number | undefined;
}

/** Everything that a seed decides before the first step. */
export interface Plan {
  readonly seed: number;
  readonly requesters: readonly string[];
  /** Cores of each node, by its id. */
  readonly nodes: ReadonlyMap<string, number>;
  /** Nodes that die at a time, in milliseconds from the start, and never come back. */
  readonly doomed: ReadonlyMap<string, number>;
  readonly jobs: readonly PlannedJob[];
  readonly disturbances: readonly Disturbance[];
  readonly faults: Faults;
  readonly settings: {
    readonly width: number;
    readonly rounds: number;
    readonly waitMs: number;
    readonly disconnectAfterMs: number;
    readonly settleMs: number;
    readonly positionsMs: number;
    readonly heartbeatMs: number;
  };
}

/** For so long jobs come in and things go wrong; afterwards the world is calm. */
export const unrestMs = 60_000;

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** Draws a whole run from a seed. */
export function planOf(seed: number): Plan {
  const dice = createDice(seed).split("plan");
  const requesters = names("r", dice.between(1, 3));
  const nodes = new Map(names("n", dice.between(1, 4)).map((id) => [id, dice.between(1, 4)]));
  const processes = requesters.length + nodes.size;
  // One at least remains: without any node nothing ends.
  const doomed = new Map(
    [...nodes.keys()].slice(1).flatMap((id) => (dice.chance(0.15) ? [[id, dice.between(0, unrestMs)]] : [])),
  );
  const coresLeft = Math.max(...[...nodes].map(([id, cores]) => (doomed.has(id) ? 0 : cores)));
  const kinds = dice.chance(0.5) ? allKinds : ([dice.pick(allKinds)] as const);
  return {
    seed,
    requesters,
    nodes,
    doomed,
    jobs: Array.from({ length: dice.pick([1, 3, 8, 20]) }, (_, index) => jobOf(dice, index, coresLeft)),
    disturbances: Array.from({ length: dice.pick([0, 1, 4, 12]) }, () => disturbanceOf(dice, processes, kinds)),
    faults: drawFaults(dice.split("faults")),
    settings: {
      width: dice.between(1, 4),
      rounds: dice.between(1, 3),
      waitMs: dice.pick([50, 250, 1_000]),
      disconnectAfterMs: dice.pick([3_000, 10_000]),
      settleMs: dice.pick([500, 3_000]),
      positionsMs: dice.pick([100, 1_000]),
      heartbeatMs: dice.pick([500, 1_000]),
    },
  };
}

function jobOf(dice: Dice, index: number, coresMost: number): PlannedJob {
  const params: Record<string, unknown> = { RunSeconds: dice.pick([0, 0, 0.05, 2, 15]) };
  if (dice.chance(0.15)) params["FailWith"] = "it was told to fail";
  if (dice.chance(0.1)) params["ExitCode"] = 3;
  const cpu = dice.pick(["", "500m", "1", "2", "4"]);
  const timeouts = {
    ...(dice.chance(0.2) ? { executionTimeout: dice.between(1, 10) } : {}),
    // What no node can ever run may wait for ever, unless it says how long.
    ...(dice.chance(0.3) || Number(cpu) > coresMost ? { queueTimeout: dice.between(5, 40) } : {}),
    ...(dice.chance(0.1) ? { totalTimeout: 60 } : {}),
  };
  const atMs = dice.between(0, unrestMs * 0.7);
  return {
    spec: sampleSpec({
      count: dice.pick([0, 1, 1, 1, 2, 3, 6]),
      params,
      timeouts,
      resources: { cpu, memory: "1Mb" },
      priority: dice.between(0, 3),
      namespace: dice.pick(["default", "blue"]),
    }),
    atMs,
    token: dice.chance(0.7) ? `token-${index}` : undefined,
    stopAtMs: dice.chance(0.15) ? atMs + dice.between(0, 20_000) : undefined,
  };
}

// Half of the seeds have all kinds of trouble, the others much of one.
const allKinds = ["crash", "stop", "pause", "cut", "outage", "rebuild", "drop", "jump"] as const;

function disturbanceOf(
  dice: Dice,
  processes: number,
  kinds: readonly [Disturbance["kind"], ...Disturbance["kind"][]],
): Disturbance {
  return {
    kind: dice.pick(kinds),
    whom: dice.between(0, processes - 1),
    atMs: dice.between(0, unrestMs),
    // Longer than a lease lives, and longer than any patience with a node.
    forMs: dice.pick([10, 500, 5_000, 15_000]),
  };
}
