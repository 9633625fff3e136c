import type { NatsConnection } from "@nats-io/nats-core";
import { type Clock, Fault, type Random } from "@shoal/core";
import { createAuthentication } from "./authentication.ts";
import type { AuthenticationSettings } from "./authentication-settings.ts";
import { type FirstConnectionOptions, firstConnection } from "./first-connection.ts";
import { createNatsErrorReport, type OnNatsError } from "./nats-error-report.ts";
import { type NatsSession, natsSessionOver } from "./nats-session.ts";
import { faultsOf, missingIn } from "./versions.ts";

/** Where the NATS server is and who we are there. */
export interface ConnectOptions extends AuthenticationSettings {
  /** The subject prefix under which answers arrive; narrow rights allow only one. */
  readonly inboxPrefix?: string;
  /** Shown by the server's monitoring. */
  readonly name: string;
  /** How long the first connection is tried for. */
  readonly patienceMs?: number;
  /** Interrupts the start. Without effect once connected. */
  readonly signal?: AbortSignal;
  /** Called for what goes wrong in the background and is survived. */
  readonly onNatsError?: OnNatsError;
  readonly clock: Clock;
  readonly random: Random;
}

// A server that was started in the same moment answers within milliseconds; a person who mistyped an address waits for this.
const patienceDefaultMs = 10_000;

/**
 * Connects, checks that the server can do what Shoal needs, and stays connected: it tries again for ever, seldom while the user is
 * refused. Throws Fault LOG_UNREACHABLE, LOG_UNSUITABLE (too old, JetStream off), NATS_REFUSED (the user is refused) or
 * CONFIG_INVALID (settings contradict each other, or a file cannot be used).
 */
export async function connect(options: ConnectOptions): Promise<NatsSession> {
  const { clock, random, inboxPrefix = "_INBOX", name, signal } = options;
  const onNatsError = options.onNatsError ?? (() => {});
  const onProblem = createNatsErrorReport(clock, onNatsError);
  const authentication = createAuthentication(options, onProblem.report);
  const servers = options.servers.map(withoutSecrets);
  const patienceMs = options.patienceMs ?? patienceDefaultMs;
  const dialing = { servers, authentication, name, inboxPrefix, patienceMs, clock, random, signal };
  const link = await open(dialing, onNatsError);
  const { info } = link.nc;
  if (info?.cluster !== undefined) for (const warning of faultsOf(info.version)) link.onProblem(warning, "warn");
  return link;
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

/** Another connection of the same client, which ends with the first. */
async function second(
  nc: NatsConnection,
  dialing: FirstConnectionOptions,
  onNatsError: OnNatsError,
): Promise<NatsSession> {
  const end = new AbortController();
  // The server of the first connection may be the only one that is there, and known from another server alone.
  const servers = nc.isClosed() ? dialing.servers : [...new Set([nc.getServer(), ...dialing.servers])];
  void nc.closed().then(() => end.abort());
  const link = await open({ ...dialing, servers, name: `${dialing.name}, long read`, signal: end.signal }, onNatsError);
  void nc.closed().then(() => link.abandon());
  return link;
}

/** The address without what stands before an @ in it. */
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
      `wanted ${expected}, found ${info.version} at ${info.host}:${info.port}; update it`,
    );
  }
  if (info.jetstream !== true) {
    const where = `${info.host}:${info.port}`;
    throw new Fault(
      "LOG_UNSUITABLE",
      `wanted JetStream, found it off at ${where}; start nats-server with -js or a jetstream block`,
    );
  }
}
