import type { Process } from "@shoal/core";
import type { Berth, Dice, Sea } from "@shoal/core/testing";

/** One run of a program: where it lies, and the parts of it in the order in which they start. */
export interface Voyage {
  readonly berth: Berth;
  readonly processes: readonly Process[];
}

/** A program that is started, dies, and is started again by whoever looks after it. */
export interface Ship<V extends Voyage> {
  readonly id: string;
  /** The present run; undefined while it is down. */
  voyage(): V | undefined;
  /** The present run as long as it takes requests: one that stops has closed its API first. */
  serving(): V | undefined;
  /** kill -9; it comes back after a while. */
  crash(downMs: number): void;
  /** Stops as on SIGTERM, and comes back after a while. */
  stop(downMs: number): void;
  /** Starts it now if it is down. */
  raise(): void;
  /** Dies and never comes back. */
  sink(): void;
  isSunk(): boolean;
}

export interface ShipOptions<V extends Voyage> {
  readonly id: string;
  readonly sea: Sea;
  readonly dice: Dice;
  readonly launch: () => V;
  readonly problem: (what: string) => void;
  /** What it waits for after a clean stop is a problem. Not so for nodes: their tasks end with the process, and go on after it. */
  readonly stopsWhole: boolean;
}

// As a supervisor would wait; longer than that only when a disturbance says so.
const restartMs = { least: 100, most: 3_000 } as const;

// What was asked before the stop may still wait for its answer: longer than the longest wait for a bid, or for the owner of another shard.
const lingerMs = 2_500;

interface Present<V> {
  readonly voyage: V;
  /** Rejects when it cannot start; never settles when it dies on the way. */
  started: Promise<void> | undefined;
  stopping: boolean;
}

export function createShip<V extends Voyage>(options: ShipOptions<V>): Ship<V> {
  const { id, sea, dice, launch } = options;
  let present: Present<V> | undefined;
  let upAt = 0;
  let sunk = false;

  function sail(): void {
    if (present !== undefined || sunk) return;
    const voyage = launch();
    // Before it starts: it may die with the first thing that it says.
    voyage.berth.onKilled(() => {
      present = undefined;
      const at = Math.max(upAt, sea.clock.now() + dice.between(restartMs.least, restartMs.most));
      sea.clock.at(at, sail);
    });
    present = { voyage, started: undefined, stopping: false };
    const started = startAll(voyage.processes);
    if (present !== undefined) present.started = started;
    // A program that cannot start ends with an error, and is started again.
    started.catch(() => voyage.berth.kill());
  }
  return {
    id,
    voyage: () => present?.voyage,
    serving: () => (present?.stopping === true ? undefined : present?.voyage),
    crash(downMs) {
      upAt = sea.clock.now() + downMs;
      present?.voyage.berth.kill();
    },
    stop(downMs) {
      upAt = sea.clock.now() + downMs;
      if (present === undefined || present.stopping) return;
      present.stopping = true;
      const { voyage, started } = present;
      // A program that has not started yet does so first, as `runUntil` has it.
      void started?.then(() => end(voyage, options)).catch(() => undefined);
    },
    raise: sail,
    sink() {
      sunk = true;
      present?.voyage.berth.kill();
    },
    isSunk: () => sunk,
  };
}

/** Stops every part, looks whether anything is left, and is gone. */
async function end({ processes, berth }: Voyage, { id, sea, problem, stopsWhole }: ShipOptions<Voyage>): Promise<void> {
  for (const process of processes.toReversed()) {
    await process.stop().catch((failure: unknown) => problem(`${id} did not stop cleanly: ${String(failure)}`));
  }
  await new Promise<void>((resolve) => sea.clock.at(sea.clock.now() + lingerMs, resolve));
  // A client that asked meanwhile has its answer by then.
  sea.clock.at(sea.clock.now() + lingerMs, () => {
    const left = berth.planned();
    if (stopsWhole && left > 0 && berth.isAlive()) problem(`${id} has stopped and still waits for ${left} callbacks`);
    berth.kill();
  });
}

async function startAll(processes: readonly Process[]): Promise<void> {
  for (const process of processes) await process.start();
}
