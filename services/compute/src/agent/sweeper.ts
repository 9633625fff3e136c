import { causeOf } from "@shoal/core";
import type { Executor } from "../executors/executor.ts";
import type { Notes } from "../notes.ts";

/** Sweeps every executor; asked again while it sweeps, it does so once more behind. What fails is left to the next sweep. */
export function createSweeper(executors: readonly Executor[], notes: Notes): (keep: ReadonlySet<string>) => void {
  const sweeps = executors.map((executor) => createSweep(executor, notes));
  return (keep) => {
    for (const sweep of sweeps) sweep(keep);
  };
}

function createSweep(executor: Executor, notes: Notes): (keep: ReadonlySet<string>) => void {
  let sweeping = false;
  let again = false;
  return function sweep(keep): void {
    again = sweeping;
    if (sweeping) return;
    sweeping = true;
    sweepNow(executor, keep)
      .catch((failure: unknown) => notes.warn("a sweep failed", { executor: executor.name, why: causeOf(failure).why }))
      .finally(() => {
        sweeping = false;
        if (again) sweep(keep);
      });
  };
}

/** Async, so that whatever it throws is a rejection. */
const sweepNow = async (executor: Executor, keep: ReadonlySet<string>): Promise<void> => executor.sweep(keep);
