import type { Membership } from "../../nodes/membership.ts";
import type { PendingEntry } from "./pending-entry.ts";

export interface WaitReporterOptions {
  readonly membership: Pick<Membership, "settled">;
}

/** The waiting entries of a lane. */
export interface WaitingEntries {
  readonly isBlocked: boolean;
  entries(): Iterable<PendingEntry>;
}

// Concurrent commits: enough to hide the round trips.
const atOnce = 64;

/** Records why jobs wait behind others, once for each. */
export class WaitReporter {
  readonly #options: WaitReporterOptions;
  /** Entries whose waiting is not in the log yet. */
  readonly #unreported = new Set<PendingEntry>();
  readonly #running = new Set<WaitingEntries>();

  constructor(options: WaitReporterOptions) {
    this.#options = options;
  }

  add(entry: PendingEntry): void {
    this.#unreported.add(entry);
  }

  /** The log has it, or it is obsolete. */
  remove(entry: PendingEntry): void {
    this.#unreported.delete(entry);
  }

  /** Records for every unreported entry of the lane why its try failed, or `why` if it was not tried. */
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
      // A target that closes passes its job to the next owner, which records it.
      await Promise.allSettled(
        next.map(({ target, slots, shortage = { why, answers: [] } }) =>
          target.command({ name: "Wait", slots: slots.map(({ slot }) => slot), ...shortage, never: false }),
        ),
      );
    }
  }
}
