import { type Clock, causeOf, type EventLog, Fault, type Following, type StoredCommit } from "@shoal/core";
import { apiLimits } from "../limits.ts";

/** Takes the commits of the log in their order. */
export interface LiveListener {
  deliver(stored: StoredCommit): void;
}

/** The shared consumer, for as long as it is held. */
export interface LiveHold {
  /**
   * Delivers every commit behind `afterSeq` from now on: those that are still in memory at once. False, and nothing is delivered,
   * when some of them are not: read up to where they begin first.
   */
  join(listener: LiveListener, afterSeq: number): boolean;
  /** Delivers nothing more to it. Harmless when it has not joined. */
  leave(listener: LiveListener): void;
  /** Ends the hold, once. The consumer is closed a while after the last. */
  release(): void;
}

/** One consumer of the whole log for all listeners of a process. */
export interface LiveEvents {
  /** Opens the consumer unless it is open: the log's end, asked for after this, can be joined. Throws Fault LOG_UNREACHABLE. */
  hold(): Promise<LiveHold>;
  /** Whether the consumer is open now. */
  isOpen(): boolean;
  close(): Promise<void>;
}

/** A consumer, from its opening to its end. */
interface Session {
  readonly recentCommits: number;
  /** The last commits, in order: every commit behind `behindSeq` that has been delivered. */
  recent: StoredCommit[];
  behindSeq: number;
  readonly listeners: Set<LiveListener>;
  /** Rejects when the consumer cannot be opened. */
  readonly following: Promise<Following>;
}

/** What the shared consumer is made of. */
export interface LiveEventsParts {
  readonly log: EventLog;
  readonly clock: Clock;
  /** Commits that stay in memory, at least; `apiLimits.feedRecentCommits` when left out. */
  readonly recentCommits?: number;
}

/** Opens nothing before it is held. */
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
  // Cut in halves: a shift for each commit would move all of them.
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
    // It leaves when it has no room.
    if (!listeners.has(listener)) break;
    listener.deliver(stored);
  }
  return true;
}
