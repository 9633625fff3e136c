import { describe, expect, it } from "vitest";
import { createDialPolicy, dialLimits } from "./dial-policy.ts";

const random = { uuid: () => "", fraction: () => 0 };

describe("the dial policy", () => {
  it("allows one attempt for each server until the first connection", () => {
    const policy = createDialPolicy(3, random);
    for (const _ of [1, 2, 3]) expect(policy.beforeDial()).toBeNull();
    expect(() => policy.beforeDial()).toThrow("each server was tried once");
  });
  it("allows attempts without a limit after the first connection, until it is closed", () => {
    const policy = createDialPolicy(1, random);
    policy.beforeDial();
    policy.admitted();
    for (let dials = 0; dials < 100; dials++) expect(policy.beforeDial()).toBeNull();
    policy.end();
    expect(() => policy.beforeDial()).toThrow("closed");
  });
  it("waits from 1 s, doubling to 30 s, while the user is refused, and starts over once it is accepted", () => {
    const policy = createDialPolicy(1, random);
    policy.admitted();
    expect(policy.waitMs()).toBe(dialLimits.waitMs);
    const waits = Array.from({ length: 7 }, () => policy.refused());
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(policy.waitMs()).toBe(30_000);
    expect(policy.isRefused()).toBe(true);
    policy.admitted();
    expect(policy.waitMs()).toBe(dialLimits.waitMs);
    expect(policy.isRefused()).toBe(false);
  });
});
