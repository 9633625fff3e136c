import { apiRoutes, type InputOf } from "@shoal/proto";
import { ApiError, ownProblem } from "../api-error.ts";
import { routeOf } from "../transport/routes.ts";
import type { Transport } from "../transport/transport.ts";
import { createEventReader } from "./event-reader.ts";
import { type FeedEvent, isBehind } from "./feed-event.ts";

type EventsQuery = InputOf<typeof apiRoutes.events>;

/** Which events, and until when. */
export interface FollowOptions extends EventsQuery {
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** Limits of reconnecting: the pause doubles from the first to the last; after `roundsMax` failed rounds the feed fails. */
export const reconnect = {
  firstMs: 100,
  // A requester starts within a second or two; a longer pause would only add delay.
  lastMs: 2_000,
  // About a minute, twice what a cluster needs to recover from a restart of its log.
  roundsMax: 32,
  // Three of the requester's heartbeats: the connection is dead then, and the next endpoint is tried.
  silentMs: 45_000,
} as const;

/**
 * Every event in log order, without gap or duplicate, across reconnects and failover. Ends when the
 * signal fires. Throws ApiError when a requester refuses, or when none answers for reconnect.roundsMax rounds.
 */
export async function* followEvents(transport: Transport, options: FollowOptions): AsyncGenerator<FeedEvent, void> {
  const { signal, ...query } = options;
  const over = () => signal?.aborted === true;
  let last: FeedEvent | undefined;
  let rounds = 0;
  const received = (): void => {
    rounds = 0;
  };
  while (!over()) {
    let failure: unknown = ownProblem("API_UNREACHABLE", "the event feed keeps closing without an error");
    rounds += 1;
    try {
      for await (const event of oneConnection(transport, { query, last, signal, received })) {
        if (!isBehind(event, last)) continue;
        last = event;
        yield event;
      }
    } catch (caught) {
      if (isFinal(caught) && !over()) throw caught;
      failure = caught;
    }
    if (over()) return;
    if (rounds > reconnect.roundsMax) throw failure;
    await waitBefore(rounds, signal);
  }
}

interface Connection {
  readonly query: EventsQuery;
  readonly last: FeedEvent | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called for each chunk received. */
  readonly received: () => void;
}

async function* oneConnection(transport: Transport, connection: Connection): AsyncGenerator<FeedEvent> {
  const { query, last, signal, received } = connection;
  const resume = last === undefined ? {} : { "last-event-id": last.id };
  const answer = await transport.open(routeOf(apiRoutes.events, query), {
    headers: { accept: "text/event-stream", ...resume },
    signal,
  });
  if (answer.body === null) return;
  const events = createEventReader();
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  const silence = createSilence(() => void reader.cancel().catch(() => undefined));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      silence.broken();
      received();
      yield* events.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    silence.over();
    // The connection may be broken already; then cancelling has no effect.
    await reader.cancel().catch(() => undefined);
  }
}

/** Calls back when nothing is received for reconnect.silentMs. */
function createSilence(tooLong: () => void): { broken(): void; over(): void } {
  let timer = setTimeout(tooLong, reconnect.silentMs);
  return {
    broken() {
      clearTimeout(timer);
      timer = setTimeout(tooLong, reconnect.silentMs);
    },
    over: () => clearTimeout(timer),
  };
}

/** A refusal is final; a broken connection or an overload may pass. */
function isFinal(failure: unknown): boolean {
  return failure instanceof ApiError && failure.status !== 0 && failure.status < 500 && failure.status !== 429;
}

function waitBefore(round: number, signal: AbortSignal | undefined): Promise<void> {
  const longest = Math.min(reconnect.lastMs, reconnect.firstMs * 2 ** round);
  // Jitter: many followers that lost one requester do not reconnect at the same time.
  const ms = longest * (0.5 + Math.random() / 2);
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}
