import type { PlaceRecord } from "../connection/write-record.ts";
import type { ClockOffset, LogHealth } from "./log-health.ts";

/** One condition of readiness, as `/readyz` shows it. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  /** The check passes, but an operator should look at it. */
  readonly warning?: boolean;
  readonly reason: string;
}

/** Limits of the checks, in milliseconds. */
export const healthLimits = {
  /** The log stored an append or answered within this time: three requests of the watch. */
  answeredMs: 10_000,
  /** A failed write counts for this long: without a retry it gives no information about the present. */
  failedMs: 60_000,
  /** A clock that is off by more is wrong: event times of several machines would appear out of order. */
  clockMs: 1_000,
  /** A requester renews its membership every 2 s; without a stored write in this time, although the server answers, it hangs. */
  stuckMs: 60_000,
} as const;

/** The checks of the NATS server: connection, log, disk, clock. */
export function logChecks(health: LogHealth, now: number): readonly HealthCheck[] {
  return [connectionCheck(health), logCheck(health, now), diskCheck(health, now), clockCheck(health.clock)];
}

function connectionCheck({ connected, server }: LogHealth): HealthCheck {
  return { name: "nats", ok: connected, reason: connected ? `connected to ${server}` : "not connected" };
}

function logCheck({ writes, answeredAt, problem = "not checked yet" }: LogHealth, now: number): HealthCheck {
  const stored = writes.map(({ storedAt }) => storedAt ?? Number.NEGATIVE_INFINITY);
  const agoMs = now - Math.max(answeredAt ?? Number.NEGATIVE_INFINITY, ...stored);
  const ok = agoMs < healthLimits.answeredMs;
  if (ok) return { name: "log", ok, reason: `answered ${Math.max(agoMs, 0)} ms ago` };
  const since = Number.isFinite(agoMs) ? `for ${Math.round(agoMs / 1_000)} s` : "since the start";
  return { name: "log", ok, reason: `no reply ${since}: ${problem}` };
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
  return `writes to ${place} fail since ${since}: ${isFull ? "the server has no space: " : ""}${why}`;
}

/** Compares a clock with the server's. A wrong one is a warning only, as clocks affect nothing but the times shown to people. */
export function clockCheck(clock: ClockOffset | undefined): HealthCheck {
  if (clock === undefined) return { name: "clock", ok: true, reason: "not measured yet" };
  const { offsetMs, boundMs } = clock;
  const way = offsetMs < 0 ? "behind" : "ahead of";
  const reason = `${Math.abs(offsetMs)} ms ${way} the NATS server's (within ${boundMs} ms)`;
  return { name: "clock", ok: true, reason, ...(isWrong(clock) ? { warning: true } : {}) };
}

/** Whether a clock is certainly off by more than the limit, the error of the round trip included. */
export const isWrong = ({ offsetMs, boundMs }: ClockOffset): boolean =>
  Math.abs(offsetMs) - boundMs > healthLimits.clockMs;

/** Whether a requester stores nothing although its server answers and no write fails: only a restart helps. */
export function isStuck({ connected, answeredAt, writes }: LogHealth, now: number): boolean {
  if (!connected || answeredAt === undefined || now - answeredAt > healthLimits.answeredMs) return false;
  if (writes.length === 0 || writes.some(({ failingSince }) => failingSince !== undefined)) return false;
  return writes.every(({ storedAt = 0 }) => now - storedAt > healthLimits.stuckMs);
}

/** The response of `/readyz`. */
export interface Readiness {
  readonly Ready: boolean;
  readonly Checks: readonly {
    readonly Name: string;
    readonly Ok: boolean;
    readonly Warning: boolean;
    readonly Reason: string;
  }[];
}

/** The checks as `/readyz` shows them: ready when every check passes. */
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

/** One line: the checks that fail, or `ready`. */
export function summaryOf(checks: readonly HealthCheck[]): string {
  const bad = checks.filter(({ ok, warning }) => !ok || warning === true);
  return bad.length === 0 ? "ready" : bad.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
}
