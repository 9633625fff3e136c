import type { Process } from "@shoal/core";
import type { Prng, SimulatedCluster, SimulatedProcess } from "@shoal/core/testing";

/** One run of a program: where it lies, and the parts of it in the order in which they start. */
export interface Incarnation {
  readonly proc: SimulatedProcess;
  readonly processes: readonly Process[];
}

/** A program that is started, dies, and is started again by whoever looks after it. */
export interface SupervisedProcess<V extends Incarnation> {
  readonly id: string;
  /** The present run; undefined while it is down. */
  incarnation(): V | undefined;
  /** The present run as long as it takes requests: one that stops has closed its API first. */
  serving(): V | undefined;
  /** kill -9; it comes back after a while. */
  crash(downMs: number): void;
  /** Stops as on SIGTERM, and comes back after a while. */
  stop(downMs: number): void;
  /** Starts it now if it is down. */
  raise(): void;
  /** Dies and never comes back. */
  remove(): void;
  isRemoved(): boolean;
}

export interface SupervisedProcessOptions<V extends Incarnation> {
  readonly id: string;
  readonly sim: SimulatedCluster;
  readonly prng: Prng;
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
  readonly incarnation: V;
  /** Rejects when it cannot start; never settles when it dies on the way. */
  started: Promise<void> | undefined;
  stopping: boolean;
}

export function createSupervisedProcess<V extends Incarnation>(
  options: SupervisedProcessOptions<V>,
): SupervisedProcess<V> {
  const { id, sim, prng, launch } = options;
  let present: Present<V> | undefined;
  let upAt = 0;
  let removed = false;

  function start(): void {
    if (present !== undefined || removed) return;
    const incarnation = launch();
    // Before it starts: it may die with the first thing that it says.
    incarnation.proc.onKilled(() => {
      present = undefined;
      const at = Math.max(upAt, sim.clock.now() + prng.between(restartMs.least, restartMs.most));
      sim.clock.at(at, start);
    });
    present = { incarnation, started: undefined, stopping: false };
    const started = startAll(incarnation.processes);
    if (present !== undefined) present.started = started;
    // A program that cannot start ends with an error, and is started again.
    started.catch(() => incarnation.proc.kill());
  }
  return {
    id,
    incarnation: () => present?.incarnation,
    serving: () => (present?.stopping === true ? undefined : present?.incarnation),
    crash(downMs) {
      upAt = sim.clock.now() + downMs;
      present?.incarnation.proc.kill();
    },
    stop(downMs) {
      upAt = sim.clock.now() + downMs;
      if (present === undefined || present.stopping) return;
      present.stopping = true;
      const { incarnation, started } = present;
      // A program that has not started yet does so first, as `runUntil` has it.
      void started?.then(() => end(incarnation, options)).catch(() => undefined);
    },
    raise: start,
    remove() {
      removed = true;
      present?.incarnation.proc.kill();
    },
    isRemoved: () => removed,
  };
}

/** Stops every part, looks whether anything is left, and is gone. */
async function end(
  { processes, proc }: Incarnation,
  { id, sim, problem, stopsWhole }: SupervisedProcessOptions<Incarnation>,
): Promise<void> {
  for (const process of processes.toReversed()) {
    await process.stop().catch((failure: unknown) => problem(`${id} did not stop cleanly: ${String(failure)}`));
  }
  await new Promise<void>((resolve) => sim.clock.at(sim.clock.now() + lingerMs, resolve));
  // A client that asked meanwhile has its answer by then.
  sim.clock.at(sim.clock.now() + lingerMs, () => {
    const left = proc.planned();
    if (stopsWhole && left > 0 && proc.isAlive()) problem(`${id} has stopped and still waits for ${left} callbacks`);
    proc.kill();
  });
}

async function startAll(processes: readonly Process[]): Promise<void> {
  for (const process of processes) await process.start();
}
