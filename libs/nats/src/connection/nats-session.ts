import { type JetStreamManager, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { type Clock, causeOf, Fault, type Random, resultWithin } from "@shoal/core";
import type { DialPolicy } from "./dial-policy.ts";
import type { NatsErrorLevel, NatsErrorReport } from "./nats-error-report.ts";
import { createPublisher, type StreamPublisher } from "./publisher.ts";
import { isUserRefusal, type PermissionRefusal, permissionRefusal } from "./refusal.ts";
import { openReplyMux, type ReplyMux } from "./reply-mux.ts";
import { createWriteBatcher, type WriteBatcher } from "./write-batcher.ts";

/** One connection to NATS and the parts that all ports share on it. */
export interface NatsSession {
  readonly nc: NatsConnection;
  readonly publisher: StreamPublisher;
  /** Sends frequent messages together at the end of this turn of the event loop. */
  readonly deferred: WriteBatcher;
  readonly replies: ReplyMux;
  readonly clock: Clock;
  readonly random: Random;
  readonly inboxPrefix: string;
  /**
   * Another connection of the same client, for a long read; the caller closes it, and it ends with this one. Throws Fault
   * LOG_UNREACHABLE, NATS_REFUSED.
   */
  openSecond(): Promise<NatsSession>;
  /** Resolves with true once connected; with false when it is not within `withinMs` milliseconds, or is closed. */
  connected(withinMs: number): Promise<boolean>;
  /** Resolves once the server has handled what was sent, subscriptions included. Throws Fault LOG_UNREACHABLE at a disconnection. */
  flushed(): Promise<void>;
  /** Calls back with every change: true for connected, false for disconnected. The returned function unsubscribes. */
  onChange(listener: (up: boolean) => void): () => void;
  /** The stream API of the client library, without its check of the account, which restricted permissions refuse. */
  manager(): Promise<JetStreamManager>;
  /** Calls back when the server refuses a publish or a subscription. The returned function unsubscribes. */
  onRefused(refused: (refusal: PermissionRefusal) => void): () => void;
  /** The user's name in messages. */
  user(): string;
  /** Whether the connection is up now. */
  isUp(): boolean;
  /** Reports an error in the background that the process survives: as information, or as a warning once it lasts. */
  onProblem(what: string, level?: NatsErrorLevel): void;
  /** Settles pending publishes, flushes and closes. May be called repeatedly. */
  close(): Promise<void>;
  /** Closes without a flush: every pending call fails at once. May be called repeatedly. */
  abandon(): Promise<void>;
}

/** The parts of a session besides its connection. */
export interface NatsSessionParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly inboxPrefix: string;
  /** The client's name in messages. */
  readonly identity: string;
  readonly openSecond: () => Promise<NatsSession>;
  readonly policy: DialPolicy;
  readonly faultPlan: NatsErrorReport;
}

// A request to the JetStream API is repeated within this time. Most fail-overs of a replicated stream take less.
export const requestMs = 6_000;

/** Creates a session over an open connection. */
export function natsSessionOver(nc: NatsConnection, parts: NatsSessionParts): NatsSession {
  const { clock, random, inboxPrefix, identity, openSecond, policy, faultPlan } = parts;
  const replies = openReplyMux(nc, inboxPrefix);
  const deferred = createWriteBatcher();
  const publisher = createPublisher({ nc, replies, clock, deferred });
  const state: NatsSessionState = { nc, policy, publisher, identity, faultPlan, ...fresh() };
  publisher.connection(true);
  listen(state).catch((failure: unknown) => faultPlan.report(`NATS: ${String(failure)}`, "info"));
  const stop = () => {
    policy.end();
    faultPlan.close();
    publisher.close();
  };
  return {
    ...{ clock, random, inboxPrefix, openSecond, nc, replies, publisher, deferred },
    user: () => identity,
    onProblem: (what, level = "info") => faultPlan.report(what, level),
    isUp: () => state.up && !nc.isClosed(),
    connected: (withinMs) => waitUntilUp(state, clock, withinMs),
    flushed: () =>
      nc.flush().catch((failure: unknown) => {
        throw unreachable("waiting until the server has the subscriptions", causeOf(failure).why);
      }),
    onChange(listener) {
      state.listeners.add(listener);
      return () => void state.listeners.delete(listener);
    },
    onRefused(refused) {
      state.refusedListeners.add(refused);
      for (const refusal of state.refusedSubscriptions.values()) refused(refusal);
      return () => void state.refusedListeners.delete(refused);
    },
    manager: () => jetstream(nc, { timeout: requestMs }).jetstreamManager(false),
    async close() {
      deferred.now();
      stop();
      if (nc.isClosed()) return;
      // Feeds, logs and heartbeats get no reply: the flush inside a drain sends them.
      await (state.up ? nc.drain() : nc.close()).catch(() => nc.close());
    },
    async abandon() {
      stop();
      await nc.close();
      state.up = false;
      for (const listener of [...state.listeners]) listener(false);
    },
  };
}

interface NatsSessionState {
  readonly nc: NatsConnection;
  readonly policy: DialPolicy;
  readonly publisher: StreamPublisher;
  readonly identity: string;
  readonly faultPlan: NatsErrorReport;
  readonly listeners: Set<(up: boolean) => void>;
  readonly refusedListeners: Set<(refusal: PermissionRefusal) => void>;
  /** The first refusals come before a listener is registered. There is at most one for each inbox. */
  readonly refusedSubscriptions: Map<string, PermissionRefusal>;
  up: boolean;
}

const fresh = () => ({
  up: true,
  listeners: new Set<(up: boolean) => void>(),
  refusedListeners: new Set<(refusal: PermissionRefusal) => void>(),
  refusedSubscriptions: new Map<string, PermissionRefusal>(),
});

async function listen(state: NatsSessionState): Promise<void> {
  for await (const status of state.nc.status()) {
    if (status.type === "disconnect" || status.type === "close") change(state, false);
    if (status.type === "error") failed(state, status.error);
    if (status.type === "reconnect") {
      state.policy.admitted();
      change(state, true);
    }
  }
}

function change(state: NatsSessionState, up: boolean): void {
  if (up === state.up) return;
  state.up = up;
  state.faultPlan.connection(up);
  state.publisher.connection(up);
  for (const listener of [...state.listeners]) listener(up);
}

function failed(state: NatsSessionState, failure: Error): void {
  const { policy, publisher, faultPlan, identity } = state;
  const refusal = permissionRefusal(failure);
  if (refusal !== undefined) {
    if (refusal.operation === "subscription") state.refusedSubscriptions.set(refusal.subject, refusal);
    publisher.refused(refusal.subject, `${identity}: ${refusal.why}`);
    for (const refused of [...state.refusedListeners]) refused(refusal);
  }
  if (!isUserRefusal(failure)) {
    faultPlan.report(`NATS: ${failure.message}`, "info");
    return;
  }
  const isFirst = !policy.isRefused();
  const seconds = policy.refused() / 1_000;
  // Reported once: the next message is that the refusals last.
  if (!isFirst) return;
  const what = `NATS refuses ${identity}: ${failure.message}; retrying in ${seconds} s, then less often`;
  faultPlan.report(what, "info");
}

async function waitUntilUp({ nc, up, listeners }: NatsSessionState, clock: Clock, withinMs: number): Promise<boolean> {
  if (up || nc.isClosed()) return up && !nc.isClosed();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // It is called a last time, with false, when the connection is closed.
  const listener = (isUp: boolean) => (isUp || nc.isClosed() ? resolve(isUp) : undefined);
  listeners.add(listener);
  const result = await resultWithin(promise, { clock, limitMs: withinMs });
  listeners.delete(listener);
  return result ?? false;
}

/** The Fault of a call that the server did not answer. */
export function unreachable(what: string, why: string): Fault {
  return new Fault("LOG_UNREACHABLE", `${what}: ${why}`);
}
