import type { Process } from "@shoal/core";
import type { Prng, SimulatedCluster, SimulatedProcess } from "@shoal/core/testing";

/** One run of a program: its simulated process, and its parts in the order of their start. */
export interface Incarnation {
  readonly proc: SimulatedProcess;
  readonly processes: readonly Process[];
}

/** A program that its supervisor restarts when it dies. */
export interface SupervisedProcess<V extends Incarnation> {
  readonly id: string;
  /** The current run; undefined while it is down. */
  incarnation(): V | undefined;
  /** The current run while it accepts requests: a run that stops has closed its API first. */
  serving(): V | undefined;
  /** kill -9; it restarts after a while. */
  crash(downMs: number): void;
  /** Stops as on SIGTERM, and restarts after a while. */
  stop(downMs: number): void;
  /** Starts it now if it is down. */
  raise(): void;
  /** Kills it without a restart. */
  remove(): void;
  isRemoved(): boolean;
}

export interface SupervisedProcessOptions<V extends Incarnation> {
  readonly id: string;
  readonly sim: SimulatedCluster;
  readonly prng: Prng;
  readonly launch: () => V;
  readonly problem: (what: string) => void;
  /** Whether callbacks that are left after a clean stop are a problem. False for nodes, whose tasks end with the process and continue after it. */
  readonly stopsWhole: boolean;
}

// The delay of a supervisor; longer only in a disturbance.
const restartMs = { least: 100, most: 3_000 } as const;

// A request before the stop may still wait for its reply: longer than the longest wait for a bid, or for the owner of another shard.
const lingerMs = 2_500;

interface Present<V> {
  readonly incarnation: V;
  /** Rejects when it cannot start; never settles when it dies meanwhile. */
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
    // Before its start, because it may die with its first message.
    incarnation.proc.onKilled(() => {
      present = undefined;
      const at = Math.max(upAt, sim.clock.now() + prng.between(restartMs.least, restartMs.most));
      sim.clock.at(at, start);
    });
    present = { incarnation, started: undefined, stopping: false };
    const started = startAll(incarnation.processes);
    if (present !== undefined) present.started = started;
    // A program that cannot start exits with an error, and is restarted.
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
      // A program that is starting finishes its start first, as in `runUntil`.
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

/** Stops every part, checks for leftovers, and ends. */
async function end(
  { processes, proc }: Incarnation,
  { id, sim, problem, stopsWhole }: SupervisedProcessOptions<Incarnation>,
): Promise<void> {
  for (const process of processes.toReversed()) {
    await process.stop().catch((failure: unknown) => problem(`${id} did not stop cleanly: ${String(failure)}`));
  }
  await new Promise<void>((resolve) => sim.clock.at(sim.clock.now() + lingerMs, resolve));
  // By then a client with a pending request has its reply.
  sim.clock.at(sim.clock.now() + lingerMs, () => {
    const left = proc.planned();
    if (stopsWhole && left > 0 && proc.isAlive()) problem(`${id} has stopped and still waits for ${left} callbacks`);
    proc.kill();
  });
}

async function startAll(processes: readonly Process[]): Promise<void> {
  for (const process of processes) await process.start();
}
