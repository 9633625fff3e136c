import type { NamespaceTurns } from "./namespace-turns.ts";

/** The sort key of an entry. It changes only while the entry is in no queue. */
export interface QueuePosition {
  readonly namespace: string;
  /** Higher ones first. */
  readonly priority: number;
  /** Milliseconds since the epoch; within one priority and namespace the earlier first. */
  readonly since: number;
}

/** Entries of one priority: a list for each namespace, oldest first. */
type PriorityLevel<T> = Map<string, T[]>;

/**
 * An ordered queue: by priority, then by the turns of the namespaces, then by age. Queues that share their turns are
 * fair together.
 */
export class PendingQueue<T extends QueuePosition> {
  readonly #turns: NamespaceTurns;
  /** The highest priority first. */
  readonly #levels: { readonly priority: number; readonly lists: PriorityLevel<T> }[] = [];
  /** When each entry was added: breaks ties of age. */
  readonly #numbers = new Map<T, number>();
  #added = 0;

  constructor(turns: NamespaceTurns) {
    this.#turns = turns;
  }

  get size(): number {
    return this.#numbers.size;
  }

  has(entry: T): boolean {
    return this.#numbers.has(entry);
  }

  /** Adds an entry at its position; harmless when it was added before. */
  add(entry: T): void {
    if (this.has(entry)) return;
    this.#numbers.set(entry, this.#added++);
    const { lists } = this.#levelOf(entry.priority);
    const list = lists.get(entry.namespace);
    if (list === undefined) lists.set(entry.namespace, [entry]);
    else list.splice(this.#indexIn(list, entry), 0, entry);
  }

  /** Removes an entry from any position; false when it is not in the queue. */
  delete(entry: T): boolean {
    if (!this.has(entry)) return false;
    const level = this.#levelOf(entry.priority);
    const list = level.lists.get(entry.namespace);
    list?.splice(this.#indexIn(list, entry), 1);
    this.#numbers.delete(entry);
    if (list?.length === 0) level.lists.delete(entry.namespace);
    if (level.lists.size === 0) this.#levels.splice(this.#levels.indexOf(level), 1);
    return true;
  }

  /** Removes an entry whose turn it is: other namespaces of its priority come first now. */
  take(entry: T): void {
    if (this.delete(entry)) this.#turns.took(entry.namespace);
  }

  /** The entry whose turn it is. */
  first(): T | undefined {
    let first: T | undefined;
    for (const [entry] of this.#levels[0]?.lists.values() ?? [])
      if (first === undefined || (entry !== undefined && this.compare(entry, first) < 0)) first = entry;
    return first;
  }

  /** Negative when the turn of `a` comes before that of `b`: the order of all queues that share their turns. */
  compare(a: T, b: T): number {
    return (
      b.priority - a.priority || this.#turns.lastOf(a.namespace) - this.#turns.lastOf(b.namespace) || a.since - b.since
    );
  }

  /** All entries in the order in which they would be taken. The queue must not change meanwhile. */
  *inOrder(): Iterable<T> {
    for (const { lists } of this.#levels) {
      const inTurn = [...lists.values()].toSorted(([a], [b]) =>
        a === undefined || b === undefined ? 0 : this.compare(a, b),
      );
      let isMore = true;
      for (let turn = 0; isMore; turn++) {
        isMore = false;
        for (const list of inTurn) {
          const entry = list[turn];
          if (entry !== undefined) yield entry;
          isMore ||= list.length > turn + 1;
        }
      }
    }
  }

  #levelOf(priority: number): { readonly priority: number; readonly lists: PriorityLevel<T> } {
    const index = this.#levels.findIndex((level) => level.priority <= priority);
    const found = this.#levels[index];
    if (found?.priority === priority) return found;
    const level = { priority, lists: new Map<string, T[]>() };
    this.#levels.splice(index === -1 ? this.#levels.length : index, 0, level);
    return level;
  }

  /** The index of an entry in its list, or where it would be inserted; by binary search. */
  #indexIn(list: readonly T[], entry: T): number {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = list[middle];
      if (other !== undefined && this.#isBefore(other, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isBefore(a: T, b: T): boolean {
    if (a.since !== b.since) return a.since < b.since;
    return (this.#numbers.get(a) ?? 0) < (this.#numbers.get(b) ?? 0);
  }
}
