import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSupervisor } from "./supervisor.ts";

const env = { NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "60000000" };

describe("the supervisor", () => {
  let sent: (readonly string[])[] = [];
  const send = (assignments: readonly string[]) => void sent.push(assignments);
  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("reports nothing without a socket", () => {
    const supervisor = createSupervisor({}, send);
    supervisor.ready(() => ({ alive: true, summary: "ready" }));
    supervisor.stopping();
    expect(sent).toEqual([]);
  });

  it("feeds the watchdog twice in its time, and only while the service is alive", () => {
    let alive = true;
    let summary = "ready";
    const supervisor = createSupervisor(env, send);
    supervisor.ready(() => ({ alive, summary }));
    expect(sent.splice(0)).toEqual([["READY=1"], ["WATCHDOG=1", "STATUS=ready"]]);
    vi.advanceTimersByTime(60_000);
    expect(sent.splice(0)).toEqual([["WATCHDOG=1"], ["WATCHDOG=1"]]);
    summary = "nats: not\nconnected";
    vi.advanceTimersByTime(30_000);
    expect(sent.splice(0)).toEqual([["WATCHDOG=1", "STATUS=nats: not connected"]]);
    alive = false;
    vi.advanceTimersByTime(60_000);
    expect(sent.splice(0)).toEqual([]);
    supervisor.stopping();
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual([["STOPPING=1"]]);
  });
});
