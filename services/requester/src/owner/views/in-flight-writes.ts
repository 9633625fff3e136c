/** The last write of each aggregate's views, until it is stored. */
export class InFlightWrites {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when the write in progress is stored; undefined when there is none. */
  of(subject: string): Promise<void> | undefined {
    return this.#last.get(subject);
  }

  /** Adds a write, which must not reject. `onDone` is called when it has ended and no other has begun since. */
  add(subject: string, write: Promise<void>, onDone: () => void): void {
    const last: Promise<void> = Promise.all([this.#last.get(subject), write]).then(() => {
      if (this.#last.get(subject) !== last) return;
      this.#last.delete(subject);
      onDone();
    });
    this.#last.set(subject, last);
  }
}
