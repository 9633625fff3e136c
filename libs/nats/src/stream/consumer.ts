import { backoffMs } from "@shoal/core";
import { z } from "zod";
import { type NatsSession, requestMs } from "../connection/nats-session.ts";
import { askServer } from "../connection/server-request.ts";

/** Where a reading begins: after a position, with the latest message of each subject, or with new messages. */
export type ReadFrom =
  | { readonly at: "behind"; readonly seq: number }
  | { readonly at: "latest" }
  | { readonly at: "now" };

/** Limits of consumers. */
export const consumerLimits = {
  /** Messages requested ahead; more are requested when half have arrived, so that the server never waits (as fast as 5,000, measured). */
  batch: 1_000,
  /**
   * First timeout of a request to create a consumer on a cluster; it doubles with every attempt, up to the maximum. For most of a
   * minute after a crash the cluster places every third new consumer on the dead server, which does not reply (measured with three
   * servers); the next consumer may be placed on another server.
   */
  answerLeastMs: 250,
  answerMostMs: 8_000,
  /** Time to live of a request for messages. At its end the server reports how many are pending, which shows lost ones. */
  requestMs: 10_000,
  /** Interval of the server's heartbeats when there is no message to deliver. */
  heartbeatMs: 1_000,
  /** Heartbeat intervals without a message after which the consumer is lost, as when its only server died. */
  silentBeats: 3,
  /** The server deletes a consumer without a subscriber after this time: long enough for a reconnect, short enough not to pile up. */
  idleMs: 30_000,
} as const;

/** A consumer's name, stream and filter. */
export interface ConsumerPlace {
  readonly stream: string;
  readonly name: string;
  readonly filter: string;
}

const Created = z.object({ num_pending: z.number() });

const nanosPerMs = 1_000_000;

const policies = {
  behind: { deliver_policy: "by_start_sequence" },
  latest: { deliver_policy: "last_per_subject" },
  now: { deliver_policy: "new" },
} as const;

// A single server places no consumer on another one: it gets the whole time.
function patienceOf(session: NatsSession, tries: number): number {
  const { answerLeastMs: firstMs, answerMostMs: maxMs } = consumerLimits;
  return session.nc.info?.cluster === undefined ? requestMs : backoffMs({ firstMs, maxMs }, tries + 1);
}

/**
 * Creates the consumer; `tries` is the number of failed attempts. The request's subject contains the name and the only filter, so that
 * permissions can restrict both.
 */
export async function createConsumer(
  session: NatsSession,
  place: ConsumerPlace,
  { from, tries }: { readonly from: ReadFrom; readonly tries: number },
): Promise<
  { readonly state: "created"; readonly pending: number } | { readonly state: "failed"; readonly why: string }
> {
  const config = {
    name: place.name,
    filter_subject: place.filter,
    ...policies[from.at],
    ...(from.at === "behind" ? { opt_start_seq: from.seq + 1 } : {}),
    ack_policy: "none",
    max_deliver: 1,
    replay_policy: "instant",
    inactive_threshold: consumerLimits.idleMs * nanosPerMs,
    num_replicas: 1,
    mem_storage: true,
  };
  const subject = `$JS.API.CONSUMER.CREATE.${place.stream}.${place.name}.${place.filter}`;
  const body = { stream_name: place.stream, config, action: "create" };
  const answer = await askServer(session, { subject, body, withinMs: patienceOf(session, tries) });
  if (answer.state === "none") return { state: "failed", why: `stream ${place.stream} does not exist` };
  if (answer.state !== "ok") return { state: "failed", why: answer.why };
  const created = Created.safeParse(answer.body);
  if (!created.success) return { state: "failed", why: "the server's answer cannot be read" };
  return { state: "created", pending: created.data.num_pending };
}

/** Deletes the consumer. Without a reply from the server it expires after `consumerLimits.idleMs`. */
export async function deleteConsumer(session: NatsSession, { stream, name }: ConsumerPlace, tries = 0): Promise<void> {
  if (session.nc.isClosed() || !(await session.connected(0))) return;
  const subject = `$JS.API.CONSUMER.DELETE.${stream}.${name}`;
  await askServer(session, { subject, body: {}, withinMs: patienceOf(session, tries) });
}

/** Requests the next messages. They are delivered to the inbox, followed by a status when the request expires. */
export function requestMessages(
  session: NatsSession,
  { stream, name }: ConsumerPlace,
  { batch, inbox }: { readonly batch: number; readonly inbox: string },
): void {
  const request = {
    batch,
    expires: consumerLimits.requestMs * nanosPerMs,
    idle_heartbeat: consumerLimits.heartbeatMs * nanosPerMs,
  };
  session.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, JSON.stringify(request), { reply: inbox });
}
