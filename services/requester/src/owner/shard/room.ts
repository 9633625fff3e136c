/** Back-pressure: pauses a reader while too much of what it delivered is in progress. */
export class FlowControl {
  readonly #pending: () => number;
  readonly #most: number;
  #free: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  /** `pending` counts the work in progress; at `most` the reader waits until half of it is done. */
  constructor(pending: () => number, most: number) {
    this.#pending = pending;
    this.#most = most;
  }

  /** A promise while the limit is reached; otherwise undefined. Never rejects. */
  wait(): Promise<void> | undefined {
    if (this.#isClosed || this.#pending() < this.#most) return undefined;
    this.#free ??= Promise.withResolvers<void>();
    return this.#free.promise;
  }

  /** Some of the work is done. */
  done(): void {
    if (this.#free === undefined || this.#pending() >= this.#most / 2) return;
    this.#free.resolve();
    this.#free = undefined;
  }

  /** Ends the back-pressure. */
  close(): void {
    this.#isClosed = true;
    this.#free?.resolve();
  }
}
