import { createManualClock } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import { createNatsErrorReport, type NatsErrorLevel, natsErrorLimits } from "./nats-error-report.ts";

function harness() {
  const clock = createManualClock(0);
  const received: { readonly what: string; readonly level: NatsErrorLevel }[] = [];
  const report = createNatsErrorReport(clock, (what, level) => received.push({ what, level }));
  return { clock, received, report, levels: () => received.map(({ level }) => level) };
}

describe("an error report", () => {
  it("is information at first, and a warning when errors persist", async () => {
    const { clock, report, levels } = harness();
    for (let at = 0; at <= natsErrorLimits.lastingMs; at += 1_000) {
      report.report("no leader", "info");
      await clock.advance(1_000);
    }
    expect(levels().slice(0, -1)).not.toContain("warn");
    expect(levels().at(-1)).toBe("warn");
  });
  it("starts over after a time without errors, as between the servers of a rolling restart", async () => {
    const { clock, report, levels } = harness();
    for (let servers = 0; servers < 5; servers++) {
      for (let second = 0; second < 8; second++) {
        report.report("no leader", "info");
        await clock.advance(1_000);
      }
      await clock.advance(natsErrorLimits.quietMs);
    }
    expect(levels()).not.toContain("warn");
  });
  it("of a connection that stays closed is one warning, and its return is reported", async () => {
    const { clock, received, report } = harness();
    report.connection(false);
    await clock.advance(natsErrorLimits.lastingMs - 1);
    expect(received).toEqual([]);
    await clock.advance(60_000);
    report.connection(true);
    expect(received).toEqual([
      { what: expect.stringContaining("not connected to NATS for 15 s"), level: "warn" },
      { what: expect.stringContaining("reconnected to NATS"), level: "info" },
    ]);
  });
  it("is a warning at once when the error is not transient", () => {
    const { report, levels } = harness();
    report.report("a message is parked", "warn");
    expect(levels()).toEqual(["warn"]);
  });
  it("leaves no timer", async () => {
    const { clock, received, report } = harness();
    report.connection(false);
    report.close();
    report.connection(false);
    await clock.advance(60_000);
    expect(received).toEqual([]);
  });
});
