import { systemClock } from "@shoal/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { clockCheck } from "./checks.ts";
import { createLogHealthWatch, type LogHealth } from "./log-health.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness();
  });
  afterEach(() => harness.close());

  /** Polls without a pause until the condition holds; the test's timeout ends it. */
  async function until(now: () => LogHealth, holds: (health: LogHealth) => boolean): Promise<LogHealth> {
    while (!holds(now())) await new Promise(setImmediate);
    return now();
  }

  describe("the watch of the log", () => {
    it("measures a clock that jumped two hours ahead while the process ran", { timeout: 20_000 }, async () => {
      const system = systemClock();
      let jumpMs = 0;
      const clock = {
        now: () => system.now() + jumpMs,
        at: (at: number, callback: () => void) => system.at(at - jumpMs, callback),
      };
      const watch = createLogHealthWatch(await harness.session({ clock }), "EVENTS");
      watch.start();
      const before = await until(watch.now, (health) => health.clock !== undefined);
      expect(clockCheck(before.clock).warning).toBeUndefined();
      jumpMs = 7_200_000;
      const after = await until(watch.now, (health) => Math.abs(health.clock?.offsetMs ?? 0) > 1_000);
      expect(clockCheck(after.clock)).toMatchObject({ warning: true, reason: expect.stringContaining("ahead of") });
      watch.stop();
    });

    it("reports that the server is down, and that it is back", { timeout: 20_000 }, async () => {
      const watch = createLogHealthWatch(await harness.session(), "EVENTS");
      watch.start();
      await until(watch.now, ({ answeredAt }) => answeredAt !== undefined);
      await harness.crash();
      const since = Date.now();
      const back = await until(watch.now, ({ answeredAt = 0, connected }) => connected && answeredAt > since);
      expect(back.problem).toBeUndefined();
      watch.stop();
    });
  });
});
