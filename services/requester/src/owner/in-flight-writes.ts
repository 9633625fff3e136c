/** The last write of each aggregate's views, until it is done. */
export class InFlightWrites {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when what is being written now is stored; undefined when all is. */
  of(subject: string): Promise<void> | undefined {
    return this.#last.get(subject);
  }

  /** A write has begun; it must not reject. `onDone` is called when it has ended and no other has begun since. */
  add(subject: string, write: Promise<void>, onDone: () => void): void {
    const last: Promise<void> = Promise.all([this.#last.get(subject), write]).then(() => {
      if (this.#last.get(subject) !== last) return;
      this.#last.delete(subject);
      onDone();
    });
    this.#last.set(subject, last);
  }
}
