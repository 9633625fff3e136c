import type { Membership } from "../../nodes/membership.ts";
import type { PendingEntry } from "./pending-entry.ts";

export interface WaitReporterOptions {
  readonly membership: Pick<Membership, "settled">;
}

/** The entries of a lane that wait. */
export interface WaitingEntries {
  readonly isBlocked: boolean;
  entries(): Iterable<PendingEntry>;
}

// Commits under way at once: enough to hide the round trips.
const atOnce = 64;

/** Records for jobs that wait behind others, once for each, why they wait. */
export class WaitReporter {
  readonly #options: WaitReporterOptions;
  /** Entries of which the log does not know yet that they wait. */
  readonly #unreported = new Set<PendingEntry>();
  readonly #running = new Set<WaitingEntries>();

  constructor(options: WaitReporterOptions) {
    this.#options = options;
  }

  add(entry: PendingEntry): void {
    this.#unreported.add(entry);
  }

  /** The log knows, or it matters no more. */
  remove(entry: PendingEntry): void {
    this.#unreported.delete(entry);
  }

  /** Records for every entry of the lane that is not reported why it found no place, or `why` if it was not tried. */
  report(lane: WaitingEntries, why: string): void {
    if (this.#running.has(lane) || this.#unreported.size === 0) return;
    this.#running.add(lane);
    void this.#run(lane, why).finally(() => this.#running.delete(lane));
  }

  async #run(lane: WaitingEntries, why: string): Promise<void> {
    for (;;) {
      if (!lane.isBlocked || !this.#options.membership.settled()) return;
      const next: PendingEntry[] = [];
      for (const entry of lane.entries()) {
        if (this.#unreported.has(entry)) next.push(entry);
        if (next.length === atOnce) break;
      }
      if (next.length === 0) return;
      for (const entry of next) this.#unreported.delete(entry);
      // A target that closes hands its job to the next owner, which records it.
      await Promise.allSettled(
        next.map(({ target, slots, shortage = { why, answers: [] } }) =>
          target.command({ name: "Wait", slots: slots.map(({ slot }) => slot), ...shortage, never: false }),
        ),
      );
    }
  }
}
