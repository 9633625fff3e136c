import { causeOf, type Logger } from "@shoal/core";
import type { Executor } from "../executors/executor.ts";

/**
 * Removes what the executor of this engine, or every executor, holds and `keep` does not name. `keep` is read when the
 * sweep runs, not at the call.
 */
export type ExecutorSweep = (keep: ReadonlySet<string>, engine?: string) => void;

export interface SweeperOptions {
  readonly executors: readonly Pick<Executor, "name" | "sweep">[];
  /** An engine that is not offered is not swept until it is offered. */
  readonly isOffered: (engine: string) => boolean;
  readonly logger: Logger;
}

/**
 * Sweeps executors, and only those that may have something to remove, because a sweep calls the engine. A request
 * during a sweep runs one more sweep afterwards. A failure is left to the next sweep.
 */
export function createSweeper({ executors, isOffered, logger }: SweeperOptions): ExecutorSweep {
  const sweeps = executors.map((executor) => ({
    name: executor.name.toLowerCase(),
    sweep: createSweep(executor, logger),
  }));
  return (keep, engine) => {
    for (const { name, sweep } of sweeps)
      if ((engine === undefined || name === engine.toLowerCase()) && isOffered(name)) sweep(keep);
  };
}

function createSweep(executor: Pick<Executor, "name" | "sweep">, logger: Logger): (keep: ReadonlySet<string>) => void {
  let sweeping = false;
  let isRequested = false;
  return function sweep(keep): void {
    isRequested = sweeping;
    if (sweeping) return;
    sweeping = true;
    sweepNow(executor, keep)
      .catch((failure: unknown) =>
        logger.warn({ executor: executor.name, why: causeOf(failure).why }, "a sweep failed"),
      )
      .finally(() => {
        sweeping = false;
        if (isRequested) sweep(keep);
      });
  };
}

/** Async, so that a synchronous throw becomes a rejection. */
const sweepNow = async (executor: Pick<Executor, "sweep">, keep: ReadonlySet<string>): Promise<void> =>
  executor.sweep(keep);
