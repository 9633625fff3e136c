import type { NatsConnection } from "@nats-io/nats-core";
import { type Clock, Fault, pause, type Random, resultWithin } from "@shoal/core";
import type { Authentication } from "./authentication.ts";
import { dial } from "./dial.ts";
import { createDialPolicy, type DialPolicy, dialLimits } from "./dial-policy.ts";
import { isUserRefusal, refusedByAll, userRefused } from "./refusal.ts";

/** Options of the first connection. */
export interface FirstConnectionOptions {
  /** Without secrets. */
  readonly servers: readonly string[];
  readonly authentication: Authentication;
  readonly name: string;
  readonly inboxPrefix: string;
  /** How long servers that do not answer are dialled. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the attempts. */
  readonly signal: AbortSignal | undefined;
}

/** A connection and the policy of its reconnects. */
export interface Connected {
  readonly nc: NatsConnection;
  readonly policy: DialPolicy;
}

// Minimum timeout of one dial, whatever the total: a server on another continent answers in a fraction of it.
const dialMs = 2_000;
// A dead peer that TCP does not report is detected after twice this, below the 4 s of a replicated stream's fail-over.
const pingMs = 2_000;

/**
 * Connects to one of the servers. Throws Fault NATS_REFUSED as soon as all that answer refuse the user, LOG_UNREACHABLE when none
 * answers in time or when the signal fires. A failed attempt leaves nothing running.
 */
export async function firstConnection(options: FirstConnectionOptions): Promise<Connected> {
  const { clock, servers, authentication, signal } = options;
  const untilAt = clock.now() + options.patienceMs;
  for (;;) {
    const policy = createDialPolicy(servers.length, options.random);
    try {
      const nc = await dialUntil(options, policy, untilAt);
      policy.admitted();
      return { nc, policy };
    } catch (failure) {
      policy.end();
      const refusal = await refusalIn(failure, options, policy);
      if (refusal !== undefined) throw userRefused(servers, authentication.identity, refusal);
      if (clock.now() >= untilAt || signal?.aborted === true) throw unanswered(servers, failure, signal);
      await pause(clock, dialLimits.waitMs, signal);
    }
  }
}

function unanswered(servers: readonly string[], failure: unknown, signal: AbortSignal | undefined): Fault {
  const why = signal?.aborted === true ? "the connection attempt was aborted" : messageOf(failure);
  return new Fault("LOG_UNREACHABLE", `no NATS server answers at ${servers.join(", ")}: ${why}`, { cause: failure });
}

async function refusalIn(
  failure: unknown,
  options: FirstConnectionOptions,
  policy: DialPolicy,
): Promise<string | undefined> {
  if (options.servers.length === 1 && isUserRefusal(failure)) return messageOf(failure);
  if (policy.timesShown() === 0 || options.signal?.aborted === true) return undefined;
  return await refusedByAll(options);
}

/** Dials each server once. The library may wait long for each of them: after the timeout its result is ignored. */
async function dialUntil(
  options: FirstConnectionOptions,
  policy: DialPolicy,
  untilAt: number,
): Promise<NatsConnection> {
  const { clock, signal } = options;
  if (signal?.aborted === true) throw new Error("interrupted");
  const dialling = dial(dialOptions(options, policy));
  const limitMs = Math.max(untilAt - clock.now(), dialMs);
  const connected = await resultWithin(dialling, { clock, limitMs, signal });
  if (connected !== undefined) return connected;
  dialling.then((nc) => nc.close()).catch(() => undefined); // It may still connect or fail later.
  throw new Error("none accepted the connection in time; check the addresses");
}

function dialOptions(options: FirstConnectionOptions, policy: DialPolicy) {
  const { servers, name, authentication, inboxPrefix } = options;
  const { tls, authenticator } = authentication;
  return {
    ...(tls === undefined ? {} : { tls }),
    servers: [...servers],
    name,
    inboxPrefix,
    // A stack trace for every request costs 40 % of the throughput (measured).
    noAsyncTraces: true,
    maxReconnectAttempts: -1,
    // A server that restarts may refuse users for a moment, which must not end the process.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: policy.waitMs,
    reconnectToServer: policy.beforeDial,
    timeout: dialLimits.timeoutMs,
    pingInterval: pingMs,
    maxPingOut: 2,
    authenticator: (nonce?: string) => {
      policy.shown();
      return authenticator(nonce);
    },
  };
}

const messageOf = (failure: unknown): string => (failure instanceof Error ? failure.message : String(failure));
