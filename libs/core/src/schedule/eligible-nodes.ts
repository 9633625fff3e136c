/** Options of one draw. */
export interface DrawOptions {
  readonly limit: number;
  /** A random number: 0 ≤ n < 1. */
  readonly fraction: () => number;
  /** Nodes that may be drawn now. */
  readonly accepts: (nodeId: string) => boolean;
}

// Where the set has at least this many times as many nodes as are drawn, few draws hit a node twice.
const manyTimes = 4;

/** A set of node ids from which some are drawn at random without visiting the others. */
export class EligibleNodes {
  readonly #ids: string[] = [];
  readonly #indexes = new Map<string, number>();

  get size(): number {
    return this.#ids.length;
  }

  has(nodeId: string): boolean {
    return this.#indexes.has(nodeId);
  }

  ids(): readonly string[] {
    return this.#ids;
  }

  add(nodeId: string): void {
    if (this.#indexes.has(nodeId)) return;
    this.#indexes.set(nodeId, this.#ids.length);
    this.#ids.push(nodeId);
  }

  delete(nodeId: string): void {
    const index = this.#indexes.get(nodeId);
    if (index === undefined) return;
    this.#swap(index, this.#ids.length - 1);
    this.#ids.pop();
    this.#indexes.delete(nodeId);
  }

  /**
   * Up to `limit` distinct nodes, uniformly at random. Visits more than it draws only while `accepts` refuses; fewer than `limit`
   * means that every node was visited.
   */
  draw(options: DrawOptions): readonly string[] {
    const sampled = this.#sample(options);
    return sampled.length === options.limit ? sampled : this.#shuffle(options);
  }

  /** A few of many, without moving any: some draws hit a node twice or one that is not accepted, so there may be too few. */
  #sample({ limit, fraction, accepts }: DrawOptions): readonly string[] {
    const drawn: string[] = [];
    if (limit * manyTimes > this.#ids.length) return drawn;
    for (let throws = 0; throws < limit * 2 && drawn.length < limit; throws++) {
      const nodeId = this.#ids[Math.floor(fraction() * this.#ids.length)];
      if (nodeId !== undefined && !drawn.includes(nodeId) && accepts(nodeId)) drawn.push(nodeId);
    }
    return drawn;
  }

  /** Visits nodes one by one in random order. */
  #shuffle({ limit, fraction, accepts }: DrawOptions): readonly string[] {
    const drawn: string[] = [];
    for (let next = 0; next < this.#ids.length && drawn.length < limit; next++) {
      this.#swap(next, next + Math.floor(fraction() * (this.#ids.length - next)));
      const nodeId = this.#ids[next];
      if (nodeId !== undefined && accepts(nodeId)) drawn.push(nodeId);
    }
    return drawn;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#ids[a], this.#ids[b]];
    if (a === b || first === undefined || second === undefined) return;
    this.#ids[a] = second;
    this.#ids[b] = first;
    this.#indexes.set(second, a).set(first, b);
  }
}
