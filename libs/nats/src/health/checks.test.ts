import { describe, expect, it } from "vitest";
import type { PlaceRecord } from "../connection/write-record.ts";
import { clockCheck, healthLimits, isStuck, logChecks, readinessOf, summaryOf } from "./checks.ts";
import { type LogHealth, offsetOf } from "./log-health.ts";

const now = 1_700_000_000_000;
const stored: PlaceRecord = {
  place: "$KV.shards",
  storedAt: now - 100,
  failingSince: undefined,
  failedAt: 0,
  why: "",
  isFull: false,
};
const well: LogHealth = {
  connected: true,
  server: "127.0.0.1:4222",
  answeredAt: now - 500,
  problem: undefined,
  writes: [stored],
  storedBytes: 10,
  clock: { offsetMs: 3, boundMs: 1 },
};
const failing: PlaceRecord = {
  ...stored,
  place: "shoal.evt",
  failingSince: now - 9_000,
  failedAt: now - 100,
  why: "insufficient storage resources available (10047)",
  isFull: true,
};
const checksOf = (more: Partial<LogHealth>) => logChecks({ ...well, ...more }, now);
const bad = (more: Partial<LogHealth>) =>
  checksOf(more)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

describe("the checks of the log", () => {
  it("all pass for a requester that is connected and writes", () => {
    expect(readinessOf(checksOf({})).Ready).toBe(true);
    expect(summaryOf(checksOf({}))).toBe("ready");
  });
  it("name what fails: the connection, the log, the disk", () => {
    expect(bad({ connected: false })).toEqual(["nats"]);
    const long = { answeredAt: now - healthLimits.answeredMs, writes: [{ ...stored, storedAt: now - 11_000 }] };
    expect(bad({ ...long, problem: "not connected" })).toEqual(["log"]);
    expect(bad({ writes: [stored, failing] })).toEqual(["log disk"]);
    expect(summaryOf(checksOf({ writes: [failing] }))).toContain("writes to shoal.evt fail since 2023-11-14T22:13:11");
    expect(summaryOf(checksOf({ writes: [failing] }))).toContain("no space: insufficient storage");
  });
  it("count a stored write as an answer, and fail the log without either", () => {
    expect(bad({ answeredAt: undefined })).toEqual([]);
    expect(bad({ answeredAt: undefined, writes: [] })).toEqual(["log"]);
  });
  it("forget a failed write that was not retried", () => {
    expect(bad({ writes: [stored, { ...failing, failedAt: now - healthLimits.failedMs }] })).toEqual([]);
  });
});

describe("a clock", () => {
  it("is measured between request and answer", () => {
    expect(offsetOf(1_000, 1_010, 1_030)).toEqual({ offsetMs: 20, boundMs: 10 });
  });
  it("is wrong when it is certainly off by more than a second", () => {
    expect(clockCheck({ offsetMs: 7_200_000, boundMs: 2 })).toMatchObject({
      ok: true,
      warning: true,
      reason: "7200000 ms ahead of the NATS server's (within 2 ms)",
    });
    expect(clockCheck({ offsetMs: -1_500, boundMs: 2 }).reason).toContain("behind");
    expect(clockCheck({ offsetMs: -1_500, boundMs: 600 }).warning).toBeUndefined();
    expect(clockCheck(undefined).warning).toBeUndefined();
  });
});

describe("a requester is stuck", () => {
  const old = { ...stored, storedAt: now - healthLimits.stuckMs - 1 };
  it("when the server answers, and writes are neither stored nor refused", () => {
    expect(isStuck({ ...well, writes: [old] }, now)).toBe(true);
  });
  it("but not when the server is down or refuses writes with a reason, or a write is stored", () => {
    expect(isStuck({ ...well, writes: [old], connected: false }, now)).toBe(false);
    expect(isStuck({ ...well, writes: [old], answeredAt: now - 20_000 }, now)).toBe(false);
    expect(isStuck({ ...well, writes: [old, failing] }, now)).toBe(false);
    expect(isStuck({ ...well, writes: [old, stored] }, now)).toBe(false);
    expect(isStuck({ ...well, writes: [] }, now)).toBe(false);
  });
});
