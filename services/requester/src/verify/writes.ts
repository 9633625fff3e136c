/** Concurrent writes, up to a limit; further ones wait in a queue. The first error is stored. */
export class Writes {
  readonly #max: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #freed: (() => void)[] = [];
  #underWay = 0;
  #failure: { readonly cause: unknown } | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  /** Starts a write, or queues it. Nothing is started once one has failed. */
  add(write: () => Promise<void>): void {
    if (this.#failure !== undefined) return;
    if (this.#underWay < this.#max) this.#begin(write);
    else this.#waiting.push(write);
  }

  /** A promise while the limit is reached; it resolves when there is room, and does not reject. */
  room(): Promise<void> | undefined {
    if (this.#failure !== undefined || this.#underWay < this.#max) return undefined;
    return new Promise((resolve) => this.#freed.push(resolve));
  }

  /** Resolves once everything is written. Throws the first error. */
  async done(): Promise<void> {
    while (this.#underWay > 0 && this.#failure === undefined)
      await new Promise<void>((resolve) => this.#freed.push(resolve));
    if (this.#failure !== undefined) throw this.#failure.cause;
  }

  /** Cancels all: queued writes are dropped, and `done` throws the cause. */
  fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#waiting.length = 0;
    this.#free();
  }

  #begin(write: () => Promise<void>): void {
    this.#underWay += 1;
    write()
      .catch((failure: unknown) => this.fail(failure))
      .finally(() => {
        this.#underWay -= 1;
        const next = this.#waiting.shift();
        if (next !== undefined) this.#begin(next);
        else this.#free();
      });
  }

  #free(): void {
    for (const resolve of this.#freed.splice(0)) resolve();
  }
}
