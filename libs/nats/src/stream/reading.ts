import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { deleteConsumer, type ReadFrom } from "./consumer.ts";
import { beginSession, type ConsumerSession, endSession, prepareSession } from "./consumer-session.ts";
import type { ReadOptions } from "./read-options.ts";

/** A continuous read of a stream until it is closed. */
export interface Reading {
  close(): Promise<void>;
}

interface ReadingState {
  readonly session: NatsSession;
  readonly options: ReadOptions;
  /** The position of the last message that an ended session delivered. */
  cursor: number;
  consumer: ConsumerSession | undefined;
  starting: boolean;
  closed: boolean;
  endListening: () => void;
}

/**
 * Reads a stream in order and without gap until closed: after a failure of the connection, the server or the consumer it continues
 * after the last delivered message. Throws Fault LOG_UNREACHABLE when it cannot begin within `patienceMs`.
 */
export async function readStream(session: NatsSession, options: ReadOptions): Promise<Reading> {
  const cursor = options.from.at === "behind" ? options.from.seq : 0;
  const state: ReadingState = {
    session,
    options,
    cursor,
    consumer: undefined,
    starting: false,
    closed: false,
    endListening: () => {},
  };
  state.endListening = session.onChange((up) => {
    endCurrent(state);
    if (up) restart(state, "the connection was broken");
  });
  try {
    await startUntil(state, session.clock.now() + patienceMs);
  } catch (failure) {
    state.endListening();
    throw failure;
  }
  return { close: () => close(state) };
}

/** Begins sessions until one runs. It retries failures of the start; `restart` handles later ones. */
async function startUntil(state: ReadingState, untilAt: number): Promise<void> {
  const { session, options } = state;
  state.starting = true;
  try {
    for (let tries = 0; !state.closed; tries++) {
      endCurrent(state);
      state.consumer = prepareSession(session, options, (why) => restart(state, why));
      const why = await beginSession(state.consumer, { from: nextFrom(state), tries });
      // It may have failed as it began.
      if (why === undefined && !state.consumer.ended) return;
      endCurrent(state);
      if (session.clock.now() >= untilAt || session.nc.isClosed())
        throw unreachable(`reading ${options.stream}`, why ?? "the consumer failed");
      await shortPause(session);
    }
  } finally {
    state.starting = false;
  }
}

function nextFrom({ options, cursor }: ReadingState): ReadFrom {
  if (options.from.at === "latest" || (options.from.at === "now" && cursor === 0)) return options.from;
  return { at: "behind", seq: cursor };
}

function endCurrent(state: ReadingState): void {
  if (state.consumer === undefined) return;
  endSession(state.consumer);
  state.cursor = Math.max(state.cursor, state.consumer.seq);
}

function restart(state: ReadingState, why: string): void {
  const { session, options } = state;
  endCurrent(state);
  if (state.closed || state.starting || session.nc.isClosed()) return;
  session.onProblem(`reading ${options.filter} continues after ${state.cursor}: ${why}`);
  // It fails only when the connection is closed, and then no caller waits.
  startUntil(state, Number.POSITIVE_INFINITY).catch(() => {});
}

async function close(state: ReadingState): Promise<void> {
  if (state.closed) return;
  state.closed = true;
  state.endListening();
  endCurrent(state);
  if (state.consumer !== undefined) await deleteConsumer(state.session, state.consumer.place);
}
