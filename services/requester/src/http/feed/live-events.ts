import { type Clock, causeOf, type EventLog, Fault, type Following, type StoredCommit } from "@shoal/core";
import { apiLimits } from "../limits.ts";

/** Receives the commits of the log in order. */
export interface LiveListener {
  deliver(stored: StoredCommit): void;
}

/** A hold on the shared consumer, which is open while it is held. */
export interface LiveHold {
  /**
   * Delivers every commit after `afterSeq`, those in memory at once. Returns false, and delivers nothing, when some of
   * them are no longer in memory: read the log up to the first one in memory, then join.
   */
  join(listener: LiveListener, afterSeq: number): boolean;
  /** Stops the delivery to it. Harmless when it has not joined. */
  leave(listener: LiveListener): void;
  /** Releases the hold, once. The consumer is closed some time after the last release. */
  release(): void;
}

/** One consumer of the whole log for all listeners of a process. */
export interface LiveEvents {
  /**
   * Opens the consumer unless it is open. A listener can join at the end of the log that it reads after this. Throws
   * Fault LOG_UNREACHABLE.
   */
  hold(): Promise<LiveHold>;
  /** Whether the consumer is open now. */
  isOpen(): boolean;
  close(): Promise<void>;
}

/** A consumer, from its opening to its end. */
interface Session {
  readonly recentCommits: number;
  /** The last commits, in order: every delivered commit after `behindSeq`. */
  recent: StoredCommit[];
  behindSeq: number;
  readonly listeners: Set<LiveListener>;
  /** Rejects when the consumer cannot be opened. */
  readonly following: Promise<Following>;
}

/** The parts of the shared consumer. */
export interface LiveEventsParts {
  readonly log: EventLog;
  readonly clock: Clock;
  /** The minimum number of commits in memory; `apiLimits.feedRecentCommits` when left out. */
  readonly recentCommits?: number;
}

/** Opens nothing before the first hold. */
export function createLiveEvents(parts: LiveEventsParts): LiveEvents {
  const { log, clock, recentCommits = apiLimits.feedRecentCommits } = parts;
  let session: Session | undefined;
  let holds = 0;
  let cancelClose = () => {};

  async function close(): Promise<void> {
    cancelClose();
    const closing = session;
    session = undefined;
    await closing?.following.then((open) => open.close()).catch(() => {});
  }
  function release(): void {
    holds -= 1;
    if (holds > 0 || session === undefined) return;
    cancelClose();
    cancelClose = clock.at(clock.now() + apiLimits.feedLingerMs, () => void close());
  }
  return {
    async hold() {
      holds += 1;
      cancelClose();
      const held = session ?? openSession(log, recentCommits);
      session = held;
      try {
        await held.following;
      } catch (failure) {
        if (session === held) session = undefined;
        release();
        throw failure instanceof Fault ? failure : new Fault("LOG_UNREACHABLE", causeOf(failure).why);
      }
      let isHeld = true;
      return {
        join: (listener, afterSeq) => isHeld && join(held, listener, afterSeq),
        leave: (listener) => void held.listeners.delete(listener),
        release() {
          if (isHeld) release();
          isHeld = false;
        },
      };
    },
    isOpen: () => session !== undefined,
    close,
  };
}

function openSession(log: EventLog, recentCommits: number): Session {
  const opening = async (): Promise<Following> => {
    opened.behindSeq = await log.lastSeq();
    return await log.follow({}, opened.behindSeq, (stored) => deliver(opened, stored));
  };
  const listeners = new Set<LiveListener>();
  const { promise, resolve } = Promise.withResolvers<Following>();
  const opened: Session = { recentCommits, recent: [], behindSeq: 0, listeners, following: promise };
  resolve(opening());
  return opened;
}

function deliver(session: Session, stored: StoredCommit): void {
  session.recent.push(stored);
  // Removed in halves: a shift for each commit would move all of them.
  const { recentCommits } = session;
  if (session.recent.length >= 2 * recentCommits) {
    session.behindSeq = session.recent[recentCommits - 1]?.seq ?? session.behindSeq;
    session.recent = session.recent.slice(recentCommits);
  }
  for (const listener of [...session.listeners]) if (session.listeners.has(listener)) listener.deliver(stored);
}

function join({ recent, behindSeq, listeners }: Session, listener: LiveListener, afterSeq: number): boolean {
  if (afterSeq < behindSeq) return false;
  listeners.add(listener);
  for (const stored of recent) {
    if (stored.seq <= afterSeq) continue;
    // A listener without room leaves.
    if (!listeners.has(listener)) break;
    listener.deliver(stored);
  }
  return true;
}
