import { backoffMs } from "@shoal/core";
import { z } from "zod";
import { type NatsSession, requestMs } from "../connection/nats-session.ts";
import { askServer } from "../connection/server-request.ts";

/** Where a reading begins: behind a position, with the latest message of each subject, or with what comes from now on. */
export type ReadFrom =
  | { readonly at: "behind"; readonly seq: number }
  | { readonly at: "latest" }
  | { readonly at: "now" };

/** Limits of consumers. */
export const consumerLimits = {
  /** Messages asked for ahead; more are asked for when half have come, so that the server never waits for us (measured: as fast as 5000). */
  batch: 1_000,
  /**
   * How long a cluster is given to answer for a consumer at first; twice as long with every further try, up to the most.
   * For most of a minute after a crash it places each third new consumer on the server that died, where nobody answers
   * for it (measured with three servers); the next one may be placed elsewhere.
   */
  answerLeastMs: 250,
  answerMostMs: 8_000,
  /** How long a request for messages stands. At its end the server says how many it still owes, which shows what was lost. */
  requestMs: 10_000,
  /** A sign of life from the server when there is nothing to deliver. */
  heartbeatMs: 1_000,
  /** Nothing for so many heartbeats: the consumer is gone, as when the only server that held it died. */
  silentBeats: 3,
  /** When nobody listens any more the server forgets the consumer: long enough for a reconnect, short enough not to pile up. */
  idleMs: 30_000,
} as const;

/** A consumer's name, and what it delivers. */
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

// One server alone places nothing elsewhere: it is given its time.
function patienceOf(link: NatsSession, tries: number): number {
  const { answerLeastMs: firstMs, answerMostMs: maxMs } = consumerLimits;
  return link.nc.info?.cluster === undefined ? requestMs : backoffMs({ firstMs, maxMs }, tries + 1);
}

/** Creates the consumer; `tries` says how many have failed before. The request's subject holds its name and its one filter, so that plain permissions can bind both. */
export async function createConsumer(
  link: NatsSession,
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
  const answer = await askServer(link, { subject, body, withinMs: patienceOf(link, tries) });
  if (answer.state === "none") return { state: "failed", why: `there is no stream ${place.stream}` };
  if (answer.state !== "ok") return { state: "failed", why: answer.why };
  const created = Created.safeParse(answer.body);
  if (!created.success) return { state: "failed", why: "the server's answer cannot be read" };
  return { state: "created", pending: created.data.num_pending };
}

/** Deletes the consumer when the server answers; otherwise it ends by itself after `consumerLimits.idleMs`. */
export async function deleteConsumer(link: NatsSession, { stream, name }: ConsumerPlace, tries = 0): Promise<void> {
  if (link.nc.isClosed() || !(await link.connected(0))) return;
  const subject = `$JS.API.CONSUMER.DELETE.${stream}.${name}`;
  await askServer(link, { subject, body: {}, withinMs: patienceOf(link, tries) });
}

/** Requests the next messages. They come to the inbox, and at the end of the request's time the status that it is over. */
export function requestMessages(
  link: NatsSession,
  { stream, name }: ConsumerPlace,
  { batch, inbox }: { readonly batch: number; readonly inbox: string },
): void {
  const request = {
    batch,
    expires: consumerLimits.requestMs * nanosPerMs,
    idle_heartbeat: consumerLimits.heartbeatMs * nanosPerMs,
  };
  link.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, JSON.stringify(request), { reply: inbox });
}
