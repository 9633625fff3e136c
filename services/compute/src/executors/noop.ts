import type { Clock } from "@shoal/core";
import { z } from "zod";
import type { Executor, Exit, Running, Work } from "./executor.ts";

/** What a no-op is told; its keys are the wire names. */
export const NoopParams = z.strictObject({
  RunSeconds: z.number().min(0).default(0).describe("how long it pretends to run"),
  // 255: an exit code is one byte.
  ExitCode: z.int().min(0).max(255).default(0).describe("the exit code it ends with"),
  FailWith: z.string().min(1).optional().describe("ends as an engine failure with this sentence"),
  Stdout: z.string().optional().describe("written to stdout at the start"),
});
export type NoopParams = z.infer<typeof NoopParams>;

const encoder = new TextEncoder();

/** Does nothing, and ends as it was told. For tests, for measuring, and for trying a cluster out. Uses no resources and keeps nothing. */
export function noop(clock: Clock): Executor {
  const runs = new Map<string, Running>();
  return {
    name: "noop",
    params: NoopParams,
    needsFolder: false,
    unavailable: async () => undefined,
    start: async (work) => {
      const running = run(clock, work);
      runs.set(work.id, running);
      void running.exit.then(() => runs.delete(work.id));
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

function run(clock: Clock, work: Work): Running {
  const params = NoopParams.parse(work.params);
  const { promise: exit, resolve } = Promise.withResolvers<Exit>();
  if (params.Stdout !== undefined) work.output("stdout", encoder.encode(params.Stdout));
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
      // 137 is what a program ended by SIGKILL leaves; after a natural end this resolve is too late and changes nothing.
      resolve({ exitCode: 137, failure: { code: "STOPPED", why: "it was halted while it ran" } });
    },
  };
}

function ending({ ExitCode, FailWith }: NoopParams): Exit {
  if (FailWith === undefined) return { exitCode: ExitCode };
  return { exitCode: ExitCode, failure: { code: "ENGINE_FAILED", why: FailWith } };
}
