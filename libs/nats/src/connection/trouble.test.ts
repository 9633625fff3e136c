import { createHandClock } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import { createTroubleReport, type TroubleLevel, troubleLimits } from "./trouble.ts";

function harness() {
  const clock = createHandClock(0);
  const heard: { readonly what: string; readonly level: TroubleLevel }[] = [];
  const report = createTroubleReport(clock, (what, level) => heard.push({ what, level }));
  return { clock, heard, report, levels: () => heard.map(({ level }) => level) };
}

describe("trouble", () => {
  it("is information while it is young and a warning when it lasts", async () => {
    const { clock, report, levels } = harness();
    for (let at = 0; at <= troubleLimits.lastingMs; at += 1_000) {
      report.report("no leader", "info");
      await clock.advance(1_000);
    }
    expect(levels().slice(0, -1)).not.toContain("warn");
    expect(levels().at(-1)).toBe("warn");
  });
  it("is young again after a quiet time, as between the servers of a rolling restart", async () => {
    const { clock, report, levels } = harness();
    for (let servers = 0; servers < 5; servers++) {
      for (let second = 0; second < 8; second++) {
        report.report("no leader", "info");
        await clock.advance(1_000);
      }
      await clock.advance(troubleLimits.quietMs);
    }
    expect(levels()).not.toContain("warn");
  });
  it("of a connection that stays away is one warning, and its return is reported", async () => {
    const { clock, heard, report } = harness();
    report.connection(false);
    await clock.advance(troubleLimits.lastingMs - 1);
    expect(heard).toEqual([]);
    await clock.advance(60_000);
    report.connection(true);
    expect(heard).toEqual([
      { what: expect.stringContaining("not connected to NATS for 15 s"), level: "warn" },
      { what: expect.stringContaining("connected to NATS again"), level: "info" },
    ]);
  });
  it("is a warning at once when it is no moment's matter", () => {
    const { report, levels } = harness();
    report.report("a message is parked", "warn");
    expect(levels()).toEqual(["warn"]);
  });
  it("leaves no alarm behind", async () => {
    const { clock, heard, report } = harness();
    report.connection(false);
    report.close();
    report.connection(false);
    await clock.advance(60_000);
    expect(heard).toEqual([]);
  });
});
