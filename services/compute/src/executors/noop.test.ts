import { createManualClock } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import { executorContract } from "./contract.ts";
import type { Executor, Workload } from "./executor.ts";
import { noop } from "./noop.ts";

executorContract("noop", {
  executor: () => noop({ clock: createManualClock() }),
  makers: {
    exits: (ExitCode) => ({ params: { ExitCode } }),
    prints: (Stdout) => ({ params: { Stdout } }),
    runsForEver: () => ({ params: { RunSeconds: 3600 } }),
  },
  silentStderr: true,
});

function workload(executor: Executor, params: object): Workload {
  return {
    id: "e-noop-1",
    jobId: "j-noop",
    namespace: "default",
    nodeId: "n-1",
    params: executor.params.parse(params),
    env: {},
    inputs: [],
    outputs: [],
    resources: { cpuCores: 0, memoryBytes: 0, diskBytes: 0 },
    network: "none",
    folder: "unused",
    output: () => {},
  };
}

describe("noop", () => {
  it("runs for the time in its params, by its clock", async () => {
    const clock = createManualClock();
    const running = await noop({ clock }).start(workload(noop({ clock }), { RunSeconds: 2.5, ExitCode: 7 }));
    let ended = false;
    void running.exit.then(() => {
      ended = true;
    });
    await clock.advance(2499);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await running.exit).toEqual({ exitCode: 7 });
  });

  it("fails as its params say", async () => {
    const executor = noop({ clock: createManualClock() });
    const running = await executor.start(workload(executor, { FailWith: "the disk is on fire", ExitCode: 5 }));
    expect(await running.exit).toEqual({
      exitCode: 5,
      failure: { code: "ENGINE_FAILED", why: "the disk is on fire" },
    });
  });

  it("leaves no timer behind when it is halted", async () => {
    const clock = createManualClock();
    const executor = noop({ clock });
    await executor.start(workload(executor, { RunSeconds: 60 }));
    expect(clock.nextAt()).toBeDefined();
    await executor.close();
    expect(clock.nextAt()).toBeUndefined();
  });

  it.each([{ RunSeconds: -1 }, { ExitCode: 256 }, { ExitCode: 1.5 }, { FailWith: "" }, { Runseconds: 1 }])(
    "refuses %o",
    (params) => {
      expect(noop({ clock: createManualClock() }).params.safeParse(params).success).toBe(false);
    },
  );
});
