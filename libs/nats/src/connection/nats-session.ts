import { type JetStreamManager, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { type Clock, Fault, type Random } from "@shoal/core";
import type { DialPolicy } from "./dial-policy.ts";
import type { NatsErrorLevel, NatsErrorReport } from "./nats-error-report.ts";
import { createPublisher, type StreamPublisher } from "./publisher.ts";
import { isUserRefusal, type PermissionRefusal, permissionRefusal } from "./refusal.ts";
import { openReplyMux, type ReplyMux } from "./reply-mux.ts";
import { createWriteBatcher, type WriteBatcher } from "./write-batcher.ts";

/** One connection to NATS with what all the ports share on it. */
export interface NatsSession {
  readonly nc: NatsConnection;
  readonly publisher: StreamPublisher;
  /** For whatever is said often: together with everything else that is said in this turn. */
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
  /** Resolves once connected, at once when it is; false when it is not by then (milliseconds from now) or is closed. */
  connected(withinMs: number): Promise<boolean>;
  /** Calls back with every change: true for up again, false for broken. The answer ends it. */
  onChange(collected: (up: boolean) => void): () => void;
  /** The stream API of the client library, without a check of the account that narrow rights would refuse. */
  manager(): Promise<JetStreamManager>;
  /** Calls back when the server refuses a publish or a subscription. The answer ends it. */
  onRefused(refused: (refusal: PermissionRefusal) => void): () => void;
  /** The user as messages name it. */
  user(): string;
  /** Whether the connection is up now. */
  isUp(): boolean;
  /** Reports what went wrong in the background and is survived: as information, or as a warning once it lasts. */
  onProblem(what: string, level?: NatsErrorLevel): void;
  /** Settles what is pending, sends what was said and closes. May be called again. */
  close(): Promise<void>;
  /** Closes without sending anything: everything that waits for the server fails now. May be called again. */
  abandon(): Promise<void>;
}

/** What a link stands on besides its connection. */
export interface NatsSessionParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly inboxPrefix: string;
  /** The client as messages name it. */
  readonly identity: string;
  readonly openSecond: () => Promise<NatsSession>;
  readonly policy: DialPolicy;
  readonly faultPlan: NatsErrorReport;
}

// A question to the server's own API, asked again and again meanwhile: most fail-overs of a replicated stream take less.
export const requestMs = 6_000;

/** Makes a link over an open connection. */
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
    onChange(collected) {
      state.listeners.add(collected);
      return () => void state.listeners.delete(collected);
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
      // Feeds, logs and heartbeats have no answer to wait for: they are sent by the flush inside a drain.
      await (state.up ? nc.drain() : nc.close()).catch(() => nc.close());
    },
    async abandon() {
      stop();
      await nc.close();
      state.up = false;
      for (const collected of [...state.listeners]) collected(false);
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
  /** Those of the first moment come before anyone listens; there is one for each inbox at most. */
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
  for (const collected of [...state.listeners]) collected(up);
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
  // Once: what follows is the same, and the next message is that it lasts.
  if (!isFirst) return;
  const what = `NATS refuses ${identity}: ${failure.message}; tried again in ${seconds} s, then less often`;
  faultPlan.report(what, "info");
}

function waitUntilUp({ nc, up, listeners }: NatsSessionState, clock: Clock, withinMs: number): Promise<boolean> {
  if (up || nc.isClosed()) return Promise.resolve(up && !nc.isClosed());
  return new Promise((resolve) => {
    const end = (is: boolean) => {
      cancel();
      listeners.delete(collected);
      resolve(is);
    };
    // It is told once more, as down, when the connection is closed for good.
    const collected = (isUp: boolean) => (isUp || nc.isClosed() ? end(isUp) : undefined);
    const cancel = clock.at(clock.now() + withinMs, () => end(false));
    listeners.add(collected);
  });
}

/** The failure of a call that the server did not answer. */
export function unreachable(what: string, why: string): Fault {
  return new Fault("LOG_UNREACHABLE", `${what}: ${why}`);
}
