import type { NatsConnection } from "@nats-io/nats-core";
import { AuthorizationError } from "@nats-io/nats-core";
import { connect as dial } from "@nats-io/transport-node";
import { type Chance, type Clock, Fault, pause } from "@shoal/core";
import { systemChance } from "../system-chance.ts";
import { systemClock } from "../system-clock.ts";
import { type Link, linkOver } from "./link.ts";
import { type Credentials, tlsNameOf } from "./peer.ts";
import { faultsOf, missingIn } from "./versions.ts";

/** Where the NATS server is and who we are there. */
export interface ConnectOptions {
  /** URLs like nats://127.0.0.1:4222; a user and password may stand in them. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** The subject prefix under which answers arrive; narrow rights allow only one. */
  readonly inboxPrefix?: string;
  /** Shown by the server's monitoring. */
  readonly name: string;
  /** How long the first connection is tried for. */
  readonly patienceMs?: number;
  /** Called for what goes wrong in the background and is survived. */
  readonly onTrouble?: (what: string) => void;
  readonly clock?: Clock;
  readonly chance?: Chance;
}

/** Between two tries to connect: short, as every moment without the log is a standstill; with jitter, so that many do not come at once. */
const retry = { waitMs: 100, jitterMs: 150 } as const;
// A server that was started in the same moment answers within milliseconds; a person who mistyped an address waits for this.
const patienceDefaultMs = 10_000;
// The least that one dial gets, whatever the patience: a server across the world answers in a fraction of it.
const dialMs = 2_000;
// How soon a dead peer is noticed when TCP says nothing: twice this, below the 4 s of a replicated stream's fail-over.
const pingMs = 2_000;

/**
 * Connects, checks that the server can do what Shoal needs, and stays connected: it tries again for ever.
 * Throws Fault LOG_UNREACHABLE, LOG_UNSUITABLE (too old, JetStream off) or CONFIG_INVALID (the user is refused).
 */
export async function connect(options: ConnectOptions): Promise<Link> {
  const clock = options.clock ?? systemClock();
  const nc = await firstConnection(options, clock);
  try {
    checkServer(nc);
  } catch (failure) {
    await nc.close();
    throw failure;
  }
  const inboxPrefix = options.inboxPrefix ?? "_INBOX";
  const link = linkOver(nc, {
    clock,
    chance: options.chance ?? systemChance,
    inboxPrefix,
    peer: () => {
      const server = nc.getServer();
      return {
        server,
        tlsName: tlsNameOf(server, options.servers.map(withoutSecrets)),
        credentials: credentialsOf(options),
        name: options.name,
      };
    },
    onTrouble: options.onTrouble ?? (() => {}),
  });
  if (nc.info?.cluster !== undefined) for (const warning of faultsOf(nc.info.version)) link.trouble(warning);
  return link;
}

async function firstConnection(options: ConnectOptions, clock: Clock): Promise<NatsConnection> {
  const untilAt = clock.now() + (options.patienceMs ?? patienceDefaultMs);
  for (;;) {
    try {
      return await dialUntil(options, { clock, untilAt });
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      const servers = options.servers.map(withoutSecrets).join(", ");
      if (failure instanceof AuthorizationError) {
        throw new Fault("CONFIG_INVALID", `${servers} refuses the user: ${why}; check the NATS user and password`);
      }
      if (clock.now() >= untilAt) {
        throw new Fault("LOG_UNREACHABLE", `no NATS server answers at ${servers}: ${why}`, { cause: failure });
      }
      await pause(clock, retry.waitMs);
    }
  }
}

/** One dial. With several servers the library may wait for each of them for long: it is left behind when our time is up. */
async function dialUntil(
  options: ConnectOptions,
  { clock, untilAt }: { readonly clock: Clock; readonly untilAt: number },
): Promise<NatsConnection> {
  const inTime = new AbortController();
  const dialling = dial(dialOptions(options));
  const late = pause(clock, Math.max(untilAt - clock.now(), dialMs), inTime.signal);
  const connected = await Promise.race([dialling, late]).finally(() => inTime.abort());
  if (connected !== undefined) return connected;
  dialling.then((nc) => nc.close()).catch(() => undefined); // It may still come up, or fail, with nobody waiting.
  throw new Error("none of them let us in in time; check the addresses, the user and the password");
}

function dialOptions(options: ConnectOptions) {
  const { inboxPrefix } = options;
  return {
    servers: options.servers.map(withoutSecrets),
    name: options.name,
    // Measured: keeping a stack for every request costs 40 % of the requests.
    noAsyncTraces: true,
    maxReconnectAttempts: -1,
    // Servers that restart may refuse users for a moment; giving up would end a process that could have gone on.
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: retry.waitMs,
    reconnectJitter: retry.jitterMs,
    reconnectJitterTLS: retry.jitterMs,
    pingInterval: pingMs,
    maxPingOut: 2,
    ...credentialsOf(options),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  };
}

/** Who we are: as the options say, else as the first address does. */
function credentialsOf(options: ConnectOptions): Credentials {
  const [first] = options.servers;
  const named = first === undefined ? {} : credentialsIn(first);
  const { user = named.user, pass = named.pass, token } = options;
  return {
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(token === undefined ? {} : { token }),
  };
}

function credentialsIn(server: string): Credentials {
  const url = URL.parse(server);
  if (url === null || url.username === "") return {};
  return { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
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
