import { type JetStreamManager, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { type Chance, type Clock, Fault } from "@shoal/core";
import { createLater, type Later } from "./later.ts";
import type { Peer } from "./peer.ts";
import { createPublisher, type Publisher } from "./publisher.ts";
import { openReplies, type Replies } from "./replies.ts";

/** One connection to NATS with what all the ports share on it. */
export interface Link {
  readonly nc: NatsConnection;
  readonly publisher: Publisher;
  /** For whatever is said often: together with everything else that is said in this turn. */
  readonly later: Later;
  readonly replies: Replies;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly inboxPrefix: string;
  /** The server that it stands with now, for who needs a connection of his own. */
  peer(): Peer;
  /** Resolves once connected, at once when it is; false when it is not by then (milliseconds from now) or is closed. */
  connected(withinMs: number): Promise<boolean>;
  /** Calls back with every change: true for up again, false for broken. The answer ends it. */
  onChange(told: (up: boolean) => void): () => void;
  /** The stream API of the client library, without a check of the account that narrow rights would refuse. */
  manager(): Promise<JetStreamManager>;
  /** Tells what went wrong in the background and is survived. */
  trouble(what: string): void;
  /** Settles what is pending, sends what was said and closes. May be called again. */
  close(): Promise<void>;
}

/** What a link stands on besides its connection. */
export interface LinkParts {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly inboxPrefix: string;
  readonly peer: () => Peer;
  readonly onTrouble: (what: string) => void;
}

// A question to the server's own API, asked again and again meanwhile: most fail-overs of a replicated stream take less.
export const requestMs = 6_000;

/** Makes a link over an open connection. */
export function linkOver(nc: NatsConnection, parts: LinkParts): Link {
  const { clock, onTrouble } = parts;
  const replies = openReplies(nc, parts.inboxPrefix);
  const later = createLater();
  const publisher = createPublisher({ nc, replies, clock, later });
  const listeners = new Set<(up: boolean) => void>();
  let up = true;
  publisher.connection(true);

  function change(now: boolean): void {
    if (now === up) return;
    up = now;
    publisher.connection(up);
    for (const told of [...listeners]) told(up);
  }

  async function listen(): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type === "disconnect" || status.type === "close") change(false);
      if (status.type === "reconnect") change(true);
      if (status.type === "error") onTrouble(`NATS: ${status.error.message}`);
    }
  }
  listen().catch((failure: unknown) => onTrouble(`NATS: ${String(failure)}`));

  return {
    ...parts,
    nc,
    replies,
    publisher,
    later,
    connected(withinMs) {
      if (up || nc.isClosed()) return Promise.resolve(up && !nc.isClosed());
      return new Promise((resolve) => {
        const end = (is: boolean) => {
          cancel();
          listeners.delete(told);
          resolve(is);
        };
        const told = (isUp: boolean) => (isUp ? end(true) : undefined);
        const cancel = clock.at(clock.now() + withinMs, () => end(false));
        listeners.add(told);
      });
    },
    onChange(told) {
      listeners.add(told);
      return () => void listeners.delete(told);
    },
    manager: () => jetstream(nc, { timeout: requestMs }).jetstreamManager(false),
    trouble: onTrouble,
    async close() {
      later.now();
      publisher.close();
      if (nc.isClosed()) return;
      // Feeds, logs and heartbeats have no answer to wait for: they are sent by the flush inside a drain.
      await (up ? nc.drain() : nc.close()).catch(() => nc.close());
    },
  };
}

/** The failure of a call that the server did not answer. */
export function unreachable(what: string, why: string): Fault {
  return new Fault("LOG_UNREACHABLE", `${what}: ${why}`);
}
