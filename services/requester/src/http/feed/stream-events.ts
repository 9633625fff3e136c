import {
  type Clock,
  cloudEventOf,
  type EventLog,
  type Following,
  type LogFilter,
  type StoredCommit,
} from "@shoal/core";
import { createKeepAlive, type KeepAlive } from "../keep-alive.ts";
import { apiLimits } from "../limits.ts";
import { behindCommit, type FeedCursor, isBehind, readsBehind } from "./feed-cursor.ts";
import type { LiveHold, LiveListener } from "./live-events.ts";
import { type FeedReader, framed, heartbeat } from "./reader.ts";

/** Commits of jobs in a namespace or of one job; all commits when both are absent. */
export type FeedFilter = Exclude<LogFilter, { readonly shard: number }>;

export interface EventStreamRequest {
  readonly filter: FeedFilter;
  /** Events after this cursor are sent. */
  readonly after: FeedCursor;
  /** Types of events to send, without prefix and in lower case; all types when absent. */
  readonly types: ReadonlySet<string>;
}

export interface EventStreamParts {
  readonly log: EventLog;
  /** The consumer that all streams share; it is not released here. */
  readonly live: LiveHold;
  readonly clock: Clock;
  readonly reader: FeedReader;
  /** Called when the log cannot be followed, after the reader was disconnected. */
  readonly failed: (failure: unknown) => void;
}

/**
 * Sends a reader every event that passes the filter, in order and once, until the returned function is called. Commits
 * that are no longer in the shared consumer's memory are read over a separate consumer, until the feed reaches the
 * shared one. A slow reader is waited for: the log holds the events meanwhile, and reading resumes after the last event
 * sent. A reader that takes too long is disconnected.
 */
export function streamEvents(parts: EventStreamParts, request: EventStreamRequest): () => void {
  const stream = new EventStream(parts, request);
  stream.read();
  return () => stream.end();
}

class EventStream implements LiveListener {
  readonly #parts: EventStreamParts;
  readonly #request: EventStreamRequest;
  readonly #keepAlive: KeepAlive;
  #cursor: FeedCursor;
  #over = false;
  #full = false;
  #catchUp: Promise<Following> | undefined;
  #cancelPatience = () => {};

  constructor(parts: EventStreamParts, request: EventStreamRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#cursor = request.after;
    this.#keepAlive = createKeepAlive(
      parts.clock,
      apiLimits.feedHeartbeatMs,
      () => this.#full || parts.reader.write(heartbeat),
    );
  }

  /** Continues after the cursor: over the shared consumer as soon as it has all commits from there. */
  read(): void {
    if (this.#join()) return;
    const { log, failed } = this.#parts;
    const reading = log.follow(this.#request.filter, readsBehind(this.#cursor), (stored) => {
      // A closed consumer may still deliver messages in flight.
      if (this.#catchUp !== reading) return;
      this.deliver(stored);
      if (this.#catchUp === reading && this.#join()) this.#stopCatchUp();
    });
    this.#catchUp = reading;
    reading.catch((failure: unknown) => {
      if (this.#catchUp !== reading) return;
      this.#drop();
      failed(failure);
    });
  }

  deliver(stored: StoredCommit): void {
    if (this.#over || this.#full || stored.seq < this.#cursor.seq) return;
    const { filter, types } = this.#request;
    for (const [index, { type }] of passes(filter, stored) ? stored.commit.events.entries() : []) {
      if (!isBehind(this.#cursor, stored.seq, index)) continue;
      this.#cursor = { seq: stored.seq, index };
      if (types.size > 0 && !types.has(type.toLowerCase())) continue;
      this.#full = !this.#parts.reader.write(framed(cloudEventOf(stored, index)));
      this.#keepAlive.reset();
      if (!this.#full) continue;
      this.#wait();
      return;
    }
    this.#cursor = behindCommit(stored.seq);
  }

  end(): void {
    this.#over = true;
    this.#keepAlive.stop();
    this.#cancelPatience();
    this.#stopReading();
  }

  #join(): boolean {
    return this.#parts.live.join(this, readsBehind(this.#cursor));
  }

  #drop(): void {
    this.end();
    this.#parts.reader.drop();
  }

  #wait(): void {
    this.#stopReading();
    const { clock, reader } = this.#parts;
    this.#cancelPatience = clock.at(clock.now() + apiLimits.feedDrainMs, () => this.#drop());
    reader.onceDrained(() => {
      this.#cancelPatience();
      this.#full = false;
      if (!this.#over) this.read();
    });
  }

  #stopReading(): void {
    this.#parts.live.leave(this);
    this.#stopCatchUp();
  }

  #stopCatchUp(): void {
    this.#catchUp?.then((open) => open.close()).catch(() => {});
    this.#catchUp = undefined;
  }
}

function passes({ namespace, jobId }: FeedFilter, { aggregate }: StoredCommit): boolean {
  if (namespace === undefined && jobId === undefined) return true;
  if (aggregate.kind !== "job") return false;
  return (jobId ?? aggregate.id) === aggregate.id && (namespace ?? aggregate.namespace) === aggregate.namespace;
}
