// The most namespaces with a remembered turn: beyond it, the one that was served longest ago counts as never served.
const namespacesMax = 10_000;

/** Which namespace was served last, in all queues of one scheduler: the one that was served longest ago is next. */
export class NamespaceTurns {
  /** The number of each namespace's last turn, in the order of the turns. */
  readonly #turns = new Map<string, number>();
  #count = 0;

  /** The number of the namespace's last turn; 0 when it had none. */
  lastOf(namespace: string): number {
    return this.#turns.get(namespace) ?? 0;
  }

  /** The namespace has its turn now. */
  took(namespace: string): void {
    this.#turns.delete(namespace);
    this.#turns.set(namespace, ++this.#count);
    const [oldest] = this.#turns.keys();
    if (this.#turns.size > namespacesMax && oldest !== undefined) this.#turns.delete(oldest);
  }
}
