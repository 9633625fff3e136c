import { backoffMs, jittered, type Random } from "@shoal/core";
import { unreachableBackoff } from "./until-reachable.ts";

export interface AppendRetriesOptions {
  readonly random: Pick<Random, "fraction">;
  /**
   * An owner retries until the log answers; without a lease a command fails when the log does not answer, or after some
   * conflicts.
   */
  readonly isOwner: boolean;
}

/** How to continue after a conflict: read the log after `beforeMs`; without a new commit, wait `idleMs` or give up. */
export interface ConflictRetry {
  readonly beforeMs: number;
  /** Undefined: retries do not end a conflict without any new commit. */
  readonly idleMs: number | undefined;
}

// Conflicts in a row that are retried at once: with a few requesters one is rare. After this number without a new
// commit, another cause is likely.
const conflictsAtOnce = 5;
// Without a lease the owner is often faster: with pauses up to a second these retries take about as long as a client
// waits, 20 s.
const conflictsMax = 24;

/** When a command is decided again after a failure: each kind of failure is counted separately, until a success. */
export class AppendRetries {
  readonly #options: AppendRetriesOptions;
  #conflicts = 0;
  #silences = 0;

  constructor(options: AppendRetriesOptions) {
    this.#options = options;
  }

  reset(): void {
    this.#conflicts = 0;
    this.#silences = 0;
  }

  /** The log does not answer: the pause before the next attempt, milliseconds; undefined when there is none. */
  afterSilence(): number | undefined {
    return this.#options.isOwner ? backoffMs(unreachableBackoff, ++this.#silences) : undefined;
  }

  /** Another requester was faster; undefined when the command is given up. */
  afterConflict(): ConflictRetry | undefined {
    const { isOwner, random } = this.#options;
    const conflicts = ++this.#conflicts;
    if (!isOwner && conflicts >= conflictsMax) return undefined;
    // With jitter: two requesters in conflict must not retry at the same moment.
    const waitMs = jittered(backoffMs(unreachableBackoff, conflicts - conflictsAtOnce + 1), random);
    return {
      beforeMs: conflicts > conflictsAtOnce ? waitMs : 0,
      idleMs: conflicts < conflictsAtOnce ? waitMs : undefined,
    };
  }
}
