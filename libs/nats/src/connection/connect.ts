import type { NatsConnection } from "@nats-io/nats-core";
import { type Chance, type Clock, Fault } from "@shoal/core";
import { systemChance } from "../system-chance.ts";
import { systemClock } from "../system-clock.ts";
import { createCredentials } from "./credentials.ts";
import { firstConnection } from "./first-connection.ts";
import { type Link, linkOver } from "./link.ts";
import { tlsNameOf } from "./peer.ts";
import { createTroubleReport, type OnTrouble } from "./trouble.ts";
import { faultsOf, missingIn } from "./versions.ts";

/** Where the NATS server is and who we are there. */
export interface ConnectOptions {
  /** URLs like nats://127.0.0.1:4222; a user and password may stand in them. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly pass?: string;
  /** A file with the password, read again for every connection. */
  readonly passwordFile?: string;
  readonly token?: string;
  /** The subject prefix under which answers arrive; narrow rights allow only one. */
  readonly inboxPrefix?: string;
  /** Shown by the server's monitoring. */
  readonly name: string;
  /** How long the first connection is tried for. */
  readonly patienceMs?: number;
  /** Interrupts the start. Without effect once connected. */
  readonly signal?: AbortSignal;
  /** Called for what goes wrong in the background and is survived. */
  readonly onTrouble?: OnTrouble;
  readonly clock?: Clock;
  readonly chance?: Chance;
}

// A server that was started in the same moment answers within milliseconds; a person who mistyped an address waits for this.
const patienceDefaultMs = 10_000;

/**
 * Connects, checks that the server can do what Shoal needs, and stays connected: it tries again for ever, seldom while the user is
 * refused. Throws Fault LOG_UNREACHABLE, LOG_UNSUITABLE (too old, JetStream off), NATS_REFUSED (the user is refused) or
 * CONFIG_INVALID (the password file cannot be read).
 */
export async function connect(options: ConnectOptions): Promise<Link> {
  const { clock = systemClock(), chance = systemChance, inboxPrefix = "_INBOX", name, signal } = options;
  const trouble = createTroubleReport(clock, options.onTrouble ?? (() => {}));
  const credentials = createCredentials(options, (why) => trouble.report(why, "info"));
  const servers = options.servers.map(withoutSecrets);
  const patienceMs = options.patienceMs ?? patienceDefaultMs;
  const dialling = { servers, credentials, name, inboxPrefix, patienceMs, clock, chance, signal };
  const { nc, policy } = await firstConnection(dialling);
  try {
    checkServer(nc);
  } catch (failure) {
    policy.end();
    await nc.close();
    throw failure;
  }
  const peer = () => {
    const server = nc.getServer();
    return { server, tlsName: tlsNameOf(server, servers), credentials: credentials(), name };
  };
  const link = linkOver(nc, { clock, chance, inboxPrefix, peer, policy, troubles: trouble });
  if (nc.info?.cluster !== undefined) for (const warning of faultsOf(nc.info.version)) link.trouble(warning, "warn");
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
    const wanted = `${missing.feature} (nats-server ${missing.since} or newer)`;
    throw new Fault(
      "LOG_UNSUITABLE",
      `wanted ${wanted}, found ${info.version} at ${info.host}:${info.port}; update it`,
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
