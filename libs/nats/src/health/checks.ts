import type { PlaceRecord } from "../connection/write-record.ts";
import type { ClockOffset, LogHealth } from "./log-health.ts";

/** One thing that must be so for a process to do its work, as `/readyz` shows it. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  /** It works, and an operator should look. */
  readonly warning?: boolean;
  readonly reason: string;
}

/** What separates well from not well, in milliseconds. */
export const healthLimits = {
  /** The log was appended to or answered within this time: three of the watch's questions. */
  answeredMs: 10_000,
  /** A failed write counts for this long: what is not tried again says nothing about now. */
  failedMs: 60_000,
  /** From here on a clock is wrong: times of events of several machines would be out of order for people. */
  clockMs: 1_000,
  /** A requester renews its place every 2 s; without one stored write in this time, although the server answers, it hangs. */
  stuckMs: 60_000,
} as const;

/** What follows from how the NATS server looks: connection, log, disk, clock. */
export function logChecks(health: LogHealth, now: number): readonly HealthCheck[] {
  return [connectionCheck(health), logCheck(health, now), diskCheck(health, now), clockCheck(health.clock)];
}

function connectionCheck({ connected, server }: LogHealth): HealthCheck {
  return { name: "nats", ok: connected, reason: connected ? `connected to ${server}` : "not connected" };
}

function logCheck({ writes, answeredAt, problem = "not asked yet" }: LogHealth, now: number): HealthCheck {
  const stored = writes.map(({ storedAt }) => storedAt ?? Number.NEGATIVE_INFINITY);
  const agoMs = now - Math.max(answeredAt ?? Number.NEGATIVE_INFINITY, ...stored);
  const ok = agoMs < healthLimits.answeredMs;
  if (ok) return { name: "log", ok, reason: `answered ${Math.max(agoMs, 0)} ms ago` };
  const since = Number.isFinite(agoMs) ? `for ${Math.round(agoMs / 1_000)} s` : "since the start";
  return { name: "log", ok, reason: `no answer ${since}: ${problem}` };
}

function diskCheck({ writes, storedBytes }: LogHealth, now: number): HealthCheck {
  const failing = writes.filter((place) => isFailing(place, now));
  const size = storedBytes === undefined ? "size not known yet" : `${storedBytes} bytes stored`;
  if (failing.length === 0) return { name: "log disk", ok: true, reason: size };
  return { name: "log disk", ok: false, reason: failing.map(whyFailing).join("; ") };
}

const isFailing = ({ failingSince, failedAt }: PlaceRecord, now: number): boolean =>
  failingSince !== undefined && now - failedAt < healthLimits.failedMs;

function whyFailing({ place, failingSince = 0, why, isFull }: PlaceRecord): string {
  const since = new Date(failingSince).toISOString();
  return `${place} is not stored since ${since}: ${isFull ? "the server has no room: " : ""}${why}`;
}

/** How a clock is against the server's; a wrong one is a warning, as nothing depends on it but what people read. */
export function clockCheck(clock: ClockOffset | undefined): HealthCheck {
  if (clock === undefined) return { name: "clock", ok: true, reason: "not measured yet" };
  const { offsetMs, boundMs } = clock;
  const way = offsetMs < 0 ? "behind" : "ahead of";
  const reason = `${Math.abs(offsetMs)} ms ${way} the NATS server's (within ${boundMs} ms)`;
  return { name: "clock", ok: true, reason, ...(isWrong(clock) ? { warning: true } : {}) };
}

/** Whether a clock is off by more than the limit, whatever the round trip hides. */
export const isWrong = ({ offsetMs, boundMs }: ClockOffset): boolean =>
  Math.abs(offsetMs) - boundMs > healthLimits.clockMs;

/** A requester that is connected to a server that answers, has no failing write, and yet stores nothing: only a restart helps. */
export function isStuck({ connected, answeredAt, writes }: LogHealth, now: number): boolean {
  if (!connected || answeredAt === undefined || now - answeredAt > healthLimits.answeredMs) return false;
  if (writes.length === 0 || writes.some(({ failingSince }) => failingSince !== undefined)) return false;
  return writes.every(({ storedAt = 0 }) => now - storedAt > healthLimits.stuckMs);
}

/** The answer of `/readyz`. */
export interface Readiness {
  readonly Ready: boolean;
  readonly Checks: readonly {
    readonly Name: string;
    readonly Ok: boolean;
    readonly Warning: boolean;
    readonly Reason: string;
  }[];
}

/** The checks as `/readyz` shows them: ready when each is well. */
export function readinessOf(checks: readonly HealthCheck[]): Readiness {
  return {
    Ready: checks.every(({ ok }) => ok),
    Checks: checks.map(({ name, ok, warning = false, reason }) => ({
      Name: name,
      Ok: ok,
      Warning: warning,
      Reason: reason,
    })),
  };
}

/** One line for people: what is not well, or that all is. */
export function summaryOf(checks: readonly HealthCheck[]): string {
  const bad = checks.filter(({ ok, warning }) => !ok || warning === true);
  return bad.length === 0 ? "ready" : bad.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
}
