import { Fault, silentLogger, type ViewStore } from "@shoal/core";
import { createSimulatedCluster } from "@shoal/core/testing";
import type { ErrorCode } from "@shoal/proto";
import { expect, it } from "vitest";
import { Projector } from "./projector.ts";

const change = { bucket: "jobs", urgent: true, key: "default.j-1", seq: 4, value: { id: "j-1" } };

/** A projector whose writes fail this number of times with a code before they are stored. */
function harness(code: ErrorCode, failures: number) {
  const sim = createSimulatedCluster();
  const { views, clock } = sim.requester("a");
  const state = { tries: 0, isDone: false };
  const jobs: ViewStore = {
    ...views.jobs,
    async put(key, value) {
      if (state.tries++ < failures) throw new Fault(code, "no room");
      return await views.jobs.put(key, value);
    },
  };
  const beforeWrite = () => undefined;
  const projector = new Projector({ views: { ...views, jobs }, clock, logger: silentLogger, beforeWrite });
  projector.apply([change]).then(() => {
    state.isDone = true;
  });
  return { sim, projector, state };
}

it.each(["LOG_UNSUITABLE", "TOO_LARGE", "LOG_UNREACHABLE", "INTERNAL"] as const)(
  "a write that is refused with %s is retried until it is stored, and does not count before",
  async (code) => {
    const { sim, state } = harness(code, 20);
    await sim.clock.advance(5_000);
    expect([state.isDone, sim.views.jobs.get(change.key)]).toEqual([false, undefined]);
    await sim.clock.advance(600_000);
    expect([state.isDone, state.tries]).toEqual([true, 21]);
    expect(sim.views.jobs.get(change.key)).toMatchObject({ id: "j-1", seq: 4 });
  },
);

it("a write that is still refused when the projector closes is not retried, and never counts", async () => {
  const { sim, projector, state } = harness("LOG_UNSUITABLE", 3);
  await sim.clock.advance(60);
  projector.close();
  await sim.clock.advance(600_000);
  expect([state.isDone, state.tries, sim.views.jobs.get(change.key)]).toEqual([false, 2, undefined]);
});

it("a write waits for what precedes it, and is retried when that fails", async () => {
  const sim = createSimulatedCluster();
  const { views, clock } = sim.requester("a");
  const first = Promise.withResolvers<void>();
  const preceding = [first.promise, Promise.resolve()];
  const beforeWrite = () => preceding.shift();
  const projector = new Projector({ views, clock, logger: silentLogger, beforeWrite });
  const stored = projector.apply([change]);
  await sim.clock.advance(5_000);
  expect([preceding.length, sim.views.jobs.get(change.key)]).toEqual([1, undefined]);
  first.reject(new Fault("REVISION_CONFLICT", "another requester has written"));
  await sim.clock.advance(5_000);
  await stored;
  expect([preceding.length, sim.views.jobs.get(change.key)]).toEqual([0, { id: "j-1", seq: 4 }]);
});

it("a change of a bucket without a store is a bug, and no failed write", async () => {
  const { projector } = harness("LOG_UNREACHABLE", 0);
  await expect(projector.apply([{ ...change, bucket: "unknown" }])).rejects.toThrow("the bucket unknown has no store");
});
