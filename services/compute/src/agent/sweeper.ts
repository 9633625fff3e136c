import { causeOf, type Logger } from "@shoal/core";
import type { Executor } from "../executors/executor.ts";

/**
 * Ends and removes whatever the executor of this engine, or every executor, still has that is not kept; `keep` is looked at then, and
 * not now.
 */
export type ExecutorSweep = (keep: ReadonlySet<string>, engine?: string) => void;

/** What a sweeper works with. */
export interface SweeperOptions {
  readonly executors: readonly Pick<Executor, "name" | "sweep">[];
  /** One that is not offered now has nothing behind it that could be asked; it is swept once it is. */
  readonly isOffered: (engine: string) => boolean;
  readonly logger: Logger;
}

/**
 * Sweeps executors, and only those that may have something new: a sweep asks the engine behind it. One that is asked while it sweeps
 * does so once more behind. What fails is left to the next sweep.
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
  let again = false;
  return function sweep(keep): void {
    again = sweeping;
    if (sweeping) return;
    sweeping = true;
    sweepNow(executor, keep)
      .catch((failure: unknown) =>
        logger.warn({ executor: executor.name, why: causeOf(failure).why }, "a sweep failed"),
      )
      .finally(() => {
        sweeping = false;
        if (again) sweep(keep);
      });
  };
}

/** Async, so that whatever it throws is a rejection. */
const sweepNow = async (executor: Pick<Executor, "sweep">, keep: ReadonlySet<string>): Promise<void> =>
  executor.sweep(keep);
