import type { Clock } from "@shoal/core";
import { type Ask, addResources, type Resources, shortage, timesFitting } from "@shoal/proto";

/** How long room is kept unless the job's owner asks again: one and a half times the 30 s after which it does. */
export const reservedMs = 45_000;

/**
 * How long a node gathers room at a stretch, and how long it then reserves none: most batch tasks end sooner, and where one runs for days the
 * other jobs have the node for half of the time.
 */
export const gatherMs = 600_000;

export interface ReservationOptions {
  readonly clock: Clock;
  readonly capacity: Resources;
  /** What is neither held nor taken now. */
  readonly available: () => Resources;
  /** Called when a reservation has ended: its room is there for others. */
  readonly onEnded: () => void;
}

interface Reserved {
  readonly ask: Ask;
  /** Since when the node gathers, for this job or for one before it. */
  readonly sinceAt: number;
  readonly cancel: () => void;
}

/** Room that the node keeps for one job that has waited for long, at most one at a time. It ends by itself. */
export class Reservation {
  readonly #options: ReservationOptions;
  #reserved: Reserved | undefined;
  #restsUntil = 0;

  constructor(options: ReservationOptions) {
    this.#options = options;
  }

  /** Whose room is kept. */
  get jobId(): string | undefined {
    return this.#reserved?.ask.jobId;
  }

  /** Keeps room for the job of an ask that was refused; false when it asks for none, never fits, or another job is preferred. */
  keep(ask: Ask): boolean {
    const { clock, capacity } = this.#options;
    if (ask.reserveSince === undefined || shortage(ask.requirements.resources, capacity) !== undefined) return false;
    const now = clock.now();
    const before = this.#reserved;
    if (now < this.#restsUntil) return false;
    if (before !== undefined && before.ask.jobId !== ask.jobId && !isPreferred(ask, before.ask)) return false;
    const sinceAt = before?.sinceAt ?? now;
    if (now - sinceAt >= gatherMs) {
      this.#restsUntil = now + gatherMs;
      this.#end();
      return false;
    }
    before?.cancel();
    this.#reserved = { ask, sinceAt, cancel: clock.at(now + reservedMs, () => this.#end()) };
    return true;
  }

  /** How many slots of an ask fit without the reserved room; all where it is the job's own or the ask has a higher priority. */
  slotsFor({ jobId, priority, requirements, slots }: Ask): number {
    const ask = this.#reserved?.ask;
    if (ask === undefined || ask.jobId === jobId || priority > ask.priority) return slots;
    return timesFitting(requirements.resources, this.left(), slots);
  }

  /** What other jobs may use. */
  left(): Resources {
    const available = this.#options.available();
    const ask = this.#reserved?.ask;
    return ask === undefined ? available : addResources(available, ask.requirements.resources, -1);
  }

  /** What heartbeats show: all that is available once it is enough for the job, so that its owner asks. */
  shown(): Resources {
    const available = this.#options.available();
    const ask = this.#reserved?.ask;
    return ask !== undefined && shortage(ask.requirements.resources, available) !== undefined ? this.left() : available;
  }

  /** The job has room here, or needs none any more. */
  release(askId: string): void {
    if (this.#reserved?.ask.askId === askId) this.#end();
  }

  /** The job of an ask is granted room. */
  granted({ jobId }: Ask): void {
    if (this.jobId === jobId) this.#end();
  }

  close(): void {
    this.#reserved?.cancel();
    this.#reserved = undefined;
  }

  #end(): void {
    this.close();
    this.#options.onEnded();
  }
}

/** One order for all nodes and requesters: the higher priority, then the older job, then the smaller id. */
function isPreferred(ask: Ask, other: Ask): boolean {
  if (ask.priority !== other.priority) return ask.priority > other.priority;
  const [since = 0, otherSince = 0] = [ask.reserveSince, other.reserveSince];
  return since === otherSince ? ask.jobId < other.jobId : since < otherSince;
}
