import { Fault } from "@shoal/core";
import { z } from "zod";
import type { Executor, Exit } from "../executors/executor.ts";

/** An engine whose workloads outlive the node's process, as containers do. */
export interface Survivor {
  readonly executor: Executor;
  running(): readonly string[];
  sweeps(): number;
  end(executionId: string, exit: Exit): void;
}

export function createSurvivor(): Survivor {
  let sweeps = 0;
  const workloads = new Map<string, PromiseWithResolvers<Exit>>();
  const runningOf = (id: string, workload: PromiseWithResolvers<Exit>) => ({
    exit: workload.promise,
    halt: async () => {
      workloads.delete(id);
      workload.resolve({ exitCode: 137, failure: { code: "STOPPED" as const, why: "it was halted" } });
    },
  });
  const executor: Executor = {
    name: "survivor",
    params: z.object({}),
    unavailable: async () => undefined,
    start: async ({ id }) => {
      if (workloads.has(id)) throw new Fault("ENGINE_FAILED", `${id} is already running`);
      const workload = Promise.withResolvers<Exit>();
      workloads.set(id, workload);
      return runningOf(id, workload);
    },
    attach: async ({ id }) => {
      const workload = workloads.get(id);
      return workload === undefined ? undefined : runningOf(id, workload);
    },
    sweep: async (keep) => {
      sweeps++;
      for (const id of workloads.keys()) if (!keep.has(id)) workloads.delete(id);
    },
    close: async () => {},
  };
  return {
    executor,
    running: () => [...workloads.keys()],
    sweeps: () => sweeps,
    end: (id: string, exit: Exit) => workloads.get(id)?.resolve(exit),
  };
}
