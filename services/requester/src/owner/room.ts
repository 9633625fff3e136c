/** Holds a reader back while too much of what it delivered is under way. */
export class FlowControl {
  readonly #pending: () => number;
  readonly #most: number;
  #free: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  /** `pending` counts what is under way; at `most` the reader waits until half of it is done. */
  constructor(pending: () => number, most: number) {
    this.#pending = pending;
    this.#most = most;
  }

  /** A promise while there is no room; undefined while there is. Never rejects. */
  wait(): Promise<void> | undefined {
    if (this.#isClosed || this.#pending() < this.#most) return undefined;
    this.#free ??= Promise.withResolvers<void>();
    return this.#free.promise;
  }

  /** Something is done. */
  done(): void {
    if (this.#free === undefined || this.#pending() >= this.#most / 2) return;
    this.#free.resolve();
    this.#free = undefined;
  }

  /** Holds back nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#free?.resolve();
  }
}
