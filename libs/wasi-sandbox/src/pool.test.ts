import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import type { Cgroup } from "./cgroup.ts";
import { noIsolation } from "./isolation.ts";
import { sandboxLimits } from "./limits.ts";
import { pool } from "./pool.ts";

const { idleMs } = sandboxLimits;

/** A pool of one, and the processes that it has started: each promise resolves when its process has exited. */
function poolOfOne() {
  const clock = createManualClock(0);
  const exits: Promise<void>[] = [];
  const make = (): Cgroup => {
    const { promise, resolve } = Promise.withResolvers<void>();
    exits.push(promise);
    return { prefix: [], limit: () => undefined, wasOutOfMemory: () => false, remove: resolve };
  };
  const limits = { ...sandboxLimits, poolSize: 1 };
  return { clock, exits, sandboxes: pool({ clock, limits, cgroups: { make }, isolations: [noIsolation] }) };
}

it("ends the process of the proof after a while, and does not start it again to prove the same", async () => {
  const { clock, exits, sandboxes } = poolOfOne();
  await sandboxes.proven();
  await clock.advanceTo(idleMs);
  await exits[0];
  await sandboxes.proven();
  expect(exits).toHaveLength(1);
  await sandboxes.close();
});

it("keeps a process for the next guest while guests come, and starts one when none is left", async () => {
  const { clock, exits, sandboxes } = poolOfOne();
  await sandboxes.proven();
  await clock.advanceTo(idleMs - 1);
  const first = await sandboxes.take("");
  sandboxes.fill();
  await sandboxes.proven();
  await clock.advanceTo(idleMs);
  const second = await sandboxes.take("");
  // The process of the proof and the one after it: both were waiting.
  expect(exits).toHaveLength(2);
  sandboxes.fill();
  await sandboxes.proven();
  await clock.advanceTo(2 * idleMs);
  await exits[2];
  const third = await sandboxes.take("");
  expect(exits).toHaveLength(4);
  for (const { kill } of [first, second, third]) kill();
  await Promise.all(exits);
  await sandboxes.close();
});
