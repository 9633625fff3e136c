import type { NatsSession } from "./nats-session.ts";

/** Timeouts of a shutdown, in milliseconds. */
export const stopLimits = {
  /** For pending calls at a server that is up: with the rest of the shutdown it stays below the 3 s in which a process ends. */
  graceMs: 1_500,
} as const;

/** A signal that fires when the promise resolves. */
export function signalOf(quit: Promise<void>): AbortSignal {
  const controller = new AbortController();
  void quit.then(() => controller.abort());
  return controller.signal;
}

/**
 * Limits how long a shutdown waits for the server: after the signal a connection that is down is abandoned at once, one that is up
 * after `graceMs`. The returned function ends the watch; call it when everything has ended.
 */
export function abandonOn(
  signal: AbortSignal,
  session: Pick<NatsSession, "isUp" | "abandon" | "onChange" | "clock">,
  graceMs: number = stopLimits.graceMs,
): () => void {
  const ends: (() => void)[] = [];
  const abandon = () => {
    // The watch ends first: an abandoned session reports that it is down, which would abandon it again without end.
    for (const end of ends.splice(0)) end();
    void session.abandon();
  };
  const begin = () => {
    if (!session.isUp()) return abandon();
    ends.push(session.clock.at(session.clock.now() + graceMs, abandon));
    ends.push(session.onChange((up) => (up ? undefined : abandon())));
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return () => {
    signal.removeEventListener("abort", begin);
    for (const end of ends.splice(0)) end();
  };
}

/** Runs a start over an open session. The signal closes the session, so that no call waits; so does a start that fails. */
export async function startOver<T>(
  session: NatsSession,
  signal: AbortSignal | undefined,
  start: () => Promise<T>,
): Promise<T> {
  const end = signal === undefined ? () => {} : abandonOn(signal, session, 0);
  try {
    return await start();
  } catch (failure) {
    await session.close();
    throw failure;
  } finally {
    end();
  }
}
