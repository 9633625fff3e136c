import type { Clock } from "@shoal/core";
import { engineParams } from "@shoal/proto";
import type { z } from "zod";
import type { Executor, Exit, Running, Workload } from "./executor.ts";

const NoopParams = engineParams.noop;
type NoopParams = z.infer<typeof NoopParams>;

const encoder = new TextEncoder();

/**
 * Runs nothing and ends as its params say. For tests, benchmarks and trying out a cluster. Uses no resources and keeps
 * no state.
 */
export function noop({ clock }: { readonly clock: Clock }): Executor {
  const runs = new Map<string, Running>();
  return {
    name: "noop",
    params: NoopParams,
    needsFolder: false,
    unavailable: async () => undefined,
    start: async (workload) => {
      const running = run(clock, workload);
      runs.set(workload.id, running);
      void running.exit.then(() => runs.delete(workload.id));
      return running;
    },
    attach: async () => undefined,
    sweep: async (keep) => {
      const left = [...runs].filter(([id]) => !keep.has(id));
      await Promise.all(left.map(([, running]) => running.halt(0)));
    },
    close: async () => {
      await Promise.all([...runs.values()].map((running) => running.halt(0)));
    },
  };
}

function run(clock: Clock, workload: Workload): Running {
  const params = NoopParams.parse(workload.params);
  const { promise: exit, resolve } = Promise.withResolvers<Exit>();
  if (params.Stdout !== undefined) workload.output("stdout", encoder.encode(params.Stdout));
  const end = () => resolve(ending(params));
  if (params.RunSeconds === 0) {
    end();
    return { exit, halt: async () => {} };
  }
  const cancel = clock.at(clock.now() + params.RunSeconds * 1000, end);
  return {
    exit,
    halt: async () => {
      cancel();
      // 137 is the exit code of a program ended by SIGKILL. After a normal end this call has no effect.
      resolve({ exitCode: 137, failure: { code: "STOPPED", why: "it was halted while it ran" } });
    },
  };
}

function ending({ ExitCode, FailWith }: NoopParams): Exit {
  if (FailWith === undefined) return { exitCode: ExitCode };
  return { exitCode: ExitCode, failure: { code: "ENGINE_FAILED", why: FailWith } };
}
