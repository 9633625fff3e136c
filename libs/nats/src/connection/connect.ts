import type { NatsConnection } from "@nats-io/nats-core";
import { type Clock, Fault, type Random } from "@shoal/core";
import { createAuthentication } from "./authentication.ts";
import type { AuthenticationSettings } from "./authentication-settings.ts";
import { type FirstConnectionOptions, firstConnection } from "./first-connection.ts";
import { createNatsErrorReport, type OnNatsError } from "./nats-error-report.ts";
import { type NatsSession, natsSessionOver } from "./nats-session.ts";
import { faultsOf, missingIn } from "./versions.ts";

/** Options of a connection to NATS. */
export interface ConnectOptions extends AuthenticationSettings {
  /** The subject prefix of replies; restricted permissions allow only one. */
  readonly inboxPrefix?: string;
  /** The connection's name in the server's monitoring. */
  readonly name: string;
  /** Timeout of the first connection. */
  readonly patienceMs?: number;
  /** Aborts the first connection. No effect once connected. */
  readonly signal?: AbortSignal;
  /** Receives errors in the background that the process survives. */
  readonly onNatsError?: OnNatsError;
  readonly clock: Clock;
  readonly random: Random;
}

// A server that has just been started answers within milliseconds. With a wrong address the user waits this long for the error.
const patienceDefaultMs = 10_000;

/**
 * Connects, checks that the server supports what Shoal needs, and reconnects without limit, less often while the user is refused.
 * Throws Fault LOG_UNREACHABLE, LOG_UNSUITABLE (too old, JetStream off), NATS_REFUSED (the user is refused) or CONFIG_INVALID
 * (settings conflict, or a file cannot be used).
 */
export async function connect(options: ConnectOptions): Promise<NatsSession> {
  const { clock, random, inboxPrefix = "_INBOX", name, signal } = options;
  const onNatsError = options.onNatsError ?? (() => {});
  const onProblem = createNatsErrorReport(clock, onNatsError);
  const authentication = createAuthentication(options, onProblem.report);
  const servers = options.servers.map(withoutSecrets);
  const patienceMs = options.patienceMs ?? patienceDefaultMs;
  const dialing = { servers, authentication, name, inboxPrefix, patienceMs, clock, random, signal };
  const session = await open(dialing, onNatsError);
  const { info } = session.nc;
  if (info?.cluster !== undefined) for (const warning of faultsOf(info.version)) session.onProblem(warning, "warn");
  return session;
}

async function open(dialing: FirstConnectionOptions, onNatsError: OnNatsError): Promise<NatsSession> {
  const { clock, random, inboxPrefix, authentication } = dialing;
  const { nc, policy } = await firstConnection(dialing);
  try {
    checkServer(nc);
  } catch (failure) {
    policy.end();
    await nc.close();
    throw failure;
  }
  const faultPlan = createNatsErrorReport(clock, onNatsError);
  const { identity } = authentication;
  const openSecond = () => second(nc, dialing, onNatsError);
  return natsSessionOver(nc, { clock, random, inboxPrefix, identity, policy, faultPlan, openSecond });
}

/** Another connection of the same client, which closes with the first. */
async function second(
  nc: NatsConnection,
  dialing: FirstConnectionOptions,
  onNatsError: OnNatsError,
): Promise<NatsSession> {
  const end = new AbortController();
  // The server of the first connection may be the only one that is up, and may be known only from another server's INFO.
  const servers = nc.isClosed() ? dialing.servers : [...new Set([nc.getServer(), ...dialing.servers])];
  void nc.closed().then(() => end.abort());
  const session = await open(
    { ...dialing, servers, name: `${dialing.name}, long read`, signal: end.signal },
    onNatsError,
  );
  void nc.closed().then(() => session.abandon());
  return session;
}

/** The address without the user and password before its @. */
export function withoutSecrets(server: string): string {
  return server.replace(/^(\w+:\/\/)?[^@/]*@/, "$1");
}

function checkServer({ info }: NatsConnection): void {
  if (info === undefined) return;
  const missing = missingIn(info.version);
  if (missing !== undefined) {
    const expected = `${missing.feature} (nats-server ${missing.since} or newer)`;
    throw new Fault(
      "LOG_UNSUITABLE",
      `expected ${expected}, got ${info.version} at ${info.host}:${info.port}; update it`,
    );
  }
  if (info.jetstream !== true) {
    const where = `${info.host}:${info.port}`;
    throw new Fault(
      "LOG_UNSUITABLE",
      `expected JetStream to be enabled at ${where}, got a server without it; start nats-server with -js or a jetstream block`,
    );
  }
}
