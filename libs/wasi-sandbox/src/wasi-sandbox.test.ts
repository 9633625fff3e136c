import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import type { Cgroup } from "./cgroup.ts";
import type { IsolationOption } from "./isolation.ts";
import { wasiSandbox } from "./wasi-sandbox.ts";

/** A sandbox, and the number of processes that it has started. */
function counted(sandbox: IsolationOption) {
  let starts = 0;
  const make = (): Cgroup => {
    starts += 1;
    return { prefix: [], limit: () => undefined, wasOutOfMemory: () => false, remove: () => undefined };
  };
  return { sandbox: wasiSandbox({ clock: createManualClock(0), sandbox, cgroups: { make } }), starts: () => starts };
}

it("proves a required isolation with the first check", async () => {
  const { sandbox, starts } = counted("none");
  expect(await sandbox.unavailable()).toBeUndefined();
  expect(starts()).toBe(1);
  await sandbox.close();
});

it("starts no process with the first check when any isolation is accepted, and proves it with the second", async () => {
  const { sandbox, starts } = counted("auto");
  expect(await sandbox.unavailable()).toBeUndefined();
  expect(starts()).toBe(0);
  expect(await sandbox.unavailable()).toBeUndefined();
  const proof = starts();
  expect(proof).toBeGreaterThan(0);
  expect(await sandbox.unavailable()).toBeUndefined();
  expect(starts()).toBe(proof);
  await sandbox.close();
});
