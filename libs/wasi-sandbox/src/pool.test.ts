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
  // A process starts in real time: the clock, which a test advances past the idle time, must not end its start.
  const limits = { ...sandboxLimits, poolSize: 1, readyMs: 10 * idleMs };
  return { clock, exits, sandboxes: pool({ clock, limits, cgroups: { make }, isolations: [noIsolation] }) };
}

it("ends the process of a proof that no guest waits for, and does not start it again to prove the same", async () => {
  const { exits, sandboxes } = poolOfOne();
  await sandboxes.proven();
  await exits[0];
  await sandboxes.proven();
  expect(exits).toHaveLength(1);
  await sandboxes.close();
});

it("gives the process of the proof to the guest that waits for it", async () => {
  const { exits, sandboxes } = poolOfOne();
  const { kill } = await sandboxes.take("");
  expect(exits).toHaveLength(1);
  kill();
  await sandboxes.close();
});

it("keeps a process for the next guest while guests come, and starts one when none is left", async () => {
  const { clock, exits, sandboxes } = poolOfOne();
  const guests = [await sandboxes.take("")];
  await clock.advanceTo(idleMs - 1);
  guests.push(await sandboxes.take(""));
  sandboxes.fill();
  await sandboxes.proven();
  await clock.advanceTo(idleMs);
  guests.push(await sandboxes.take(""));
  // The one that was started ahead was still there.
  expect(exits).toHaveLength(3);
  sandboxes.fill();
  await sandboxes.proven();
  await clock.advanceTo(2 * idleMs);
  await exits[3];
  guests.push(await sandboxes.take(""));
  expect(exits).toHaveLength(5);
  for (const { kill } of guests) kill();
  await Promise.all(exits);
  await sandboxes.close();
});
