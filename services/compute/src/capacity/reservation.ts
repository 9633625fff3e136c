import type { Clock } from "@shoal/core";
import { type Ask, addResources, type Resources, shortage, timesFitting } from "@shoal/proto";

/**
 * How long resources stay reserved unless the job's owner asks again: one and a half times the 30 s after which it
 * does.
 */
export const reservedMs = 45_000;

/**
 * How long a node gathers resources without a break, and how long it then reserves none. Most batch tasks end sooner;
 * where one runs for days, the other jobs have the node for half of the time.
 */
export const collectMs = 600_000;

export interface ReservationOptions {
  readonly clock: Clock;
  readonly capacity: Resources;
  /** Resources that are neither held nor taken now. */
  readonly available: () => Resources;
  /** Called when a reservation has ended and its resources are available to other jobs. */
  readonly onEnded: () => void;
}

interface Reserved {
  readonly ask: Ask;
  /** Since when the node has been gathering, for this job or for an earlier one. */
  readonly sinceAt: number;
  readonly cancel: () => void;
}

/** Reserves resources for at most one job that has waited for a long time. A reservation expires. */
export class Reservation {
  readonly #options: ReservationOptions;
  #reserved: Reserved | undefined;
  #restsUntil = 0;

  constructor(options: ReservationOptions) {
    this.#options = options;
  }

  /** The job that has the reservation. */
  get jobId(): string | undefined {
    return this.#reserved?.ask.jobId;
  }

  /**
   * Reserves resources for the job of a refused ask. Returns false when the ask requests none, never fits, or another
   * job takes precedence.
   */
  keep(ask: Ask): boolean {
    const { clock, capacity } = this.#options;
    if (ask.reserveSince === undefined || shortage(ask.requirements.resources, capacity) !== undefined) return false;
    const now = clock.now();
    const before = this.#reserved;
    if (now < this.#restsUntil) return false;
    if (before !== undefined && before.ask.jobId !== ask.jobId && !isPreferred(ask, before.ask)) return false;
    const sinceAt = before?.sinceAt ?? now;
    if (now - sinceAt >= collectMs) {
      this.#restsUntil = now + collectMs;
      this.#end();
      return false;
    }
    before?.cancel();
    this.#reserved = { ask, sinceAt, cancel: clock.at(now + reservedMs, () => this.#end()) };
    return true;
  }

  /**
   * How many slots of an ask fit beside the reserved resources; all of them when the reservation is for its job or the
   * ask has a higher priority.
   */
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

  /** What the job of an ask may use: all but the reservation of a job that takes precedence. */
  leftFor({ jobId, priority }: Ask): Resources {
    const ask = this.#reserved?.ask;
    const isOthers = ask !== undefined && ask.jobId !== jobId && priority <= ask.priority;
    return isOthers ? this.left() : this.#options.available();
  }

  /** What heartbeats publish: all available resources once they suffice for the job, so that its owner asks. */
  shown(): Resources {
    const available = this.#options.available();
    const ask = this.#reserved?.ask;
    return ask !== undefined && shortage(ask.requirements.resources, available) !== undefined ? this.left() : available;
  }

  /** The job has resources on this node, or no longer needs any. */
  release(askId: string): void {
    if (this.#reserved?.ask.askId === askId) this.#end();
  }

  /** The job of an ask gets resources. */
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

/** One order for all nodes and requesters: higher priority first, then the older job, then the smaller id. */
function isPreferred(ask: Ask, other: Ask): boolean {
  if (ask.priority !== other.priority) return ask.priority > other.priority;
  const [since = 0, otherSince = 0] = [ask.reserveSince, other.reserveSince];
  return since === otherSince ? ask.jobId < other.jobId : since < otherSince;
}
