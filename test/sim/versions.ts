import type { Kinds } from "@shoal/core";
import { type Prng, type ReleaseName, releases, type SimulatedCluster } from "@shoal/core/testing";
import type { Incarnation, SupervisedProcess } from "./supervised-process.ts";

/** When each requester changes its version, milliseconds from the start. */
export interface PlannedUpgrade {
  readonly steps: readonly { readonly requester: string; readonly atMs: number; readonly to: ReleaseName }[];
  /** Whether all requesters end with the next version and clients use its features as soon as one requester has it. Otherwise all go back, and clients do not use them. */
  readonly finishes: boolean;
}

// One seed in four has two versions: as often as it has many faults of one kind.
const upgradeShare = 0.25;

/** Draws a rolling upgrade, completed or reverted; undefined in most seeds. */
export function drawUpgrade(prng: Prng, requesters: readonly string[], withinMs: number): PlannedUpgrade | undefined {
  if (!prng.happens(upgradeShare)) return undefined;
  const finishes = prng.happens(0.5);
  const steps = requesters.flatMap((requester) => {
    const [there, back] = [prng.between(0, withinMs / 2), prng.between(withinMs / 2, withinMs)];
    const upgrade = { requester, atMs: there, to: "next" as const };
    return finishes ? [upgrade] : [upgrade, { requester, atMs: back, to: "current" as const }];
  });
  return { steps, finishes };
}

/** The kinds of each requester now. */
export interface Versions {
  kindsOf(requester: string): Kinds;
}

/** The initial version of every requester. */
export function createVersions(): Versions & { readonly current: Map<string, Kinds> } {
  const current = new Map<string, Kinds>();
  return { current, kindsOf: (requester) => current.get(requester) ?? releases.current.kinds };
}

// The time in which an operator's tool replaces the program.
const replaceMs = 500;

export interface UpgradeOptions {
  readonly upgrade: PlannedUpgrade | undefined;
  readonly current: Map<string, Kinds>;
  readonly sim: SimulatedCluster;
  readonly services: { readonly requesters: readonly Pick<SupervisedProcess<Incarnation>, "id" | "stop">[] };
  readonly startAt: number;
  readonly note: (who: string, line: string) => void;
}

/** Stops each requester at its time, and starts it with the other version. */
export function planUpgrade({ upgrade, current, sim, services, startAt, note }: UpgradeOptions): void {
  for (const { requester, atMs, to } of upgrade?.steps ?? []) {
    sim.clock.at(startAt + atMs, () => {
      note("SIM", `${requester} changes to the ${to} version`);
      current.set(requester, releases[to].kinds);
      services.requesters.find(({ id }) => id === requester)?.stop(replaceMs);
    });
  }
}
