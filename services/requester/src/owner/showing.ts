/** The last write of each aggregate's views, until it is done. */
export class Showing {
  readonly #last = new Map<string, Promise<void>>();
  readonly #failed: (id: string, failure: unknown) => void;

  /** `failed` hears of every write that could not be done. */
  constructor(failed: (id: string, failure: unknown) => void) {
    this.#failed = failed;
  }

  /** Resolves when what is being written now is shown; undefined when all is. Never rejects. */
  of(id: string): Promise<void> | undefined {
    return this.#last.get(id);
  }

  /** A write has begun. `shown` is called when it has ended and no other has begun since. */
  add(id: string, write: Promise<void>, shown?: () => void): void {
    const last: Promise<void> = Promise.all([this.#last.get(id), write])
      .catch((failure: unknown) => this.#failed(id, failure))
      .then(() => {
        if (this.#last.get(id) !== last) return;
        this.#last.delete(id);
        shown?.();
      });
    this.#last.set(id, last);
  }
}
