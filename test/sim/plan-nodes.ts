import type { Prng } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";
import {
  type DeviceNeeds,
  deviceNeedsOf,
  drawDevices,
  hasDevices,
  noDevices,
  type PlannedDevices,
} from "./plan-devices.ts";

/** A node of a plan. */
export interface PlannedNode {
  readonly cores: number;
  readonly memoryBytes: number;
  /** The value of its label `pool`. */
  readonly pool: string;
  /** None when left out. */
  readonly devices?: PlannedDevices;
}

/** The needs of one execution of a job. */
export interface PlannedNeeds extends DeviceNeeds {
  readonly cores: number;
  readonly memoryBytes: number;
  /** Undefined for any pool. */
  readonly pool: string | undefined;
}

/** Whether a node can ever run it. Computed from the plan's numbers alone, so that it does not repeat a bug of the filters. */
export const fits = (needs: PlannedNeeds, node: PlannedNode): boolean =>
  needs.cores <= node.cores &&
  needs.memoryBytes <= node.memoryBytes &&
  hasDevices(needs, node.devices ?? noDevices) &&
  (needs.pool === undefined || needs.pool === node.pool);

const gibibyte = 2 ** 30;

// One seed in twenty has more nodes than any limit on the asks of one job.
const largeShare = 0.05;
const nodesMost = { defaults: 8, large: 200 } as const;
const largeLeast = 65;
// A large cluster has at most three nodes of the rare pool, which the scheduler must find.
const rareMost = 3;

/** Draws the nodes of a cluster. The first one survives every seed. */
export function drawNodes(prng: Prng): ReadonlyMap<string, PlannedNode> {
  const isLarge = prng.happens(largeShare);
  const count = isLarge ? prng.between(largeLeast, nodesMost.large) : prng.between(1, nodesMost.defaults);
  const pools: readonly string[] = prng.pick<readonly string[]>([["cpu"], ["cpu", "gpu"]]);
  const rare = isLarge || prng.happens(0.3) ? prng.between(1, rareMost) : 0;
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const node = { cores: prng.pick([1, 2, 4, 8]), memoryBytes: prng.pick([1, 2, 4, 8]) * gibibyte };
      const pool = pools[prng.between(0, pools.length - 1)] ?? "cpu";
      const devices = drawDevices(prng.split(`devices-${index}`));
      return [`n-${index}`, { ...node, devices, pool: index > 0 && index >= count - rare ? "rare" : pool }];
    }),
  );
}

// Resources by their text in a spec; "" for the default of the job type. The last of each is more than any node has.
const cores: Readonly<Record<string, number>> = { "": 0.5, "500m": 0.5, "1": 1, "2": 2, "4": 4, "8": 8, "9": 9 };
const memoryBytes: Readonly<Record<string, number>> = { "1Mb": 1e6, "1500Mb": 1.5e9, "6Gb": 6e9, "20Gb": 20e9 };

/** Draws the resources and the pool of a job: mostly those of some node, sometimes those of none. */
export function drawPreferences(prng: Prng): { readonly cpu: string; readonly memory: string; readonly pool?: string } {
  const preferences = {
    cpu: prng.pick(["", "500m", "1", "1", "2", "4", "8", "9"]),
    memory: prng.pick(["1Mb", "1Mb", "1Mb", "1500Mb", "6Gb", "20Gb"]),
  };
  return prng.happens(0.4) ? { ...preferences, pool: prng.pick(["cpu", "gpu", "rare", "none"]) } : preferences;
}

/** The room for one also suffices for the other; a port that is named may be taken anywhere. */
export const isAsLarge = (a: PlannedNeeds, b: PlannedNeeds): boolean =>
  a.cores >= b.cores && a.memoryBytes >= b.memoryBytes && a.gpus >= b.gpus && b.staticPort === undefined;

/** The needs of a drawn spec. */
export function needsOf(spec: JobSpec): PlannedNeeds {
  const { tasks, constraints } = spec;
  const { cpu = "", memory = "" } = tasks[0]?.resources ?? {};
  return {
    cores: cores[cpu] ?? Number.POSITIVE_INFINITY,
    memoryBytes: memoryBytes[memory] ?? Number.POSITIVE_INFINITY,
    pool: constraints[0]?.values[0],
    ...deviceNeedsOf(spec),
  };
}
