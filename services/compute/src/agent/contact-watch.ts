import type { BidServer, Clock, Logger } from "@shoal/core";
import type { Assignment } from "@shoal/proto";

export interface ContactWatchOptions {
  readonly clock: Clock;
  readonly bidServer: Pick<BidServer, "confirm">;
  readonly logger: Logger;
  /** Ends the execution and reports that. */
  readonly stop: (executionId: string) => void;
}

// A quarter of the shortest limit, so that three lost questions in a row stop nothing. At most as long as a requester
// may take to answer a confirmation.
const questionsPerLimit = 4;
const questionMsMax = 5_000;

/**
 * Stops executions while no requester answers for as long as their tasks allow. It asks the requesters an empty question
 * at intervals, only while an execution has a limit.
 */
export class ContactWatch {
  readonly #options: ContactWatchOptions;
  readonly #limitsMs = new Map<string, number>();
  #answeredAt = 0;
  /** When the last question was asked that got no answer. */
  #failedAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #isAsking = false;
  #isClosed = false;

  constructor(options: ContactWatchOptions) {
    this.#options = options;
  }

  /** An execution has begun; one without a limit is not watched. */
  began({ executionId, task }: Assignment): void {
    const limitMs = (task.disconnect?.stopAfter ?? 0) * 1000;
    if (limitMs === 0) return;
    // Nothing was asked for a while; its assignment has just arrived.
    if (this.#limitsMs.size === 0) this.#answeredAt = this.#options.clock.now();
    this.#limitsMs.set(executionId, limitMs);
    this.#plan();
  }

  /** The node is done with it. */
  ended(executionId: string): void {
    if (this.#limitsMs.delete(executionId)) this.#plan();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #shortestMs(): number {
    return Math.min(...this.#limitsMs.values());
  }

  #questionMs(): number {
    return Math.min(this.#shortestMs() / questionsPerLimit, questionMsMax);
  }

  /** When the last question before a limit is asked: it ends with the limit. */
  #lastAt(): number {
    return this.#answeredAt + this.#shortestMs() - this.#questionMs();
  }

  #plan(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#isClosed || this.#isAsking || this.#limitsMs.size === 0) return;
    const { clock } = this.#options;
    const [now, lastAt, questionMs] = [clock.now(), this.#lastAt(), this.#questionMs()];
    const nextAt = Math.min(now + questionMs, Math.max(now, lastAt));
    this.#cancel = clock.at(this.#failedAt >= lastAt ? lastAt + questionMs : nextAt, () => void this.#check());
  }

  async #check(): Promise<void> {
    const now = this.#options.clock.now();
    // A process that was suspended asks first.
    if (this.#failedAt < this.#lastAt() || now - this.#failedAt > 2 * this.#questionMs()) await this.#ask(now);
    this.#stopOverdue();
    this.#plan();
  }

  async #ask(askedAt: number): Promise<void> {
    const [lastAt, questionMs] = [this.#lastAt(), this.#questionMs()];
    const limitMs = lastAt > askedAt ? Math.min(questionMs, lastAt - askedAt) : questionMs;
    this.#isAsking = true;
    const answer = await this.#options.bidServer.confirm({ executions: [] }, limitMs);
    this.#isAsking = false;
    if (answer === undefined) this.#failedAt = askedAt;
    else this.#answeredAt = askedAt;
  }

  #stopOverdue(): void {
    const { clock, logger, stop } = this.#options;
    for (const [executionId, limitMs] of [...this.#limitsMs]) {
      if (this.#isClosed || clock.now() - this.#answeredAt < limitMs) continue;
      logger.warn({ executionId, why: `no requester answered for ${limitMs} ms` }, "cut off, stopping an execution");
      this.#limitsMs.delete(executionId);
      stop(executionId);
    }
  }
}
