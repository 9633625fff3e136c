/** A map that its owner may change. */
export interface WritableMap<K, V> extends ReadonlyMap<K, V> {
  set(key: K, value: V): this;
  delete(key: K): boolean;
}

/** Some entries of a map; shared by the map's copies until one of them changes an entry. */
interface Chunk<V> {
  readonly entries: Map<string, V>;
  /** Summaries of the entries, by the function that made them; undefined after a change. */
  summaries: Map<unknown, unknown> | undefined;
}

// A change copies one chunk and the list of chunks: at 10,000 entries both are about this long.
const entriesPerChunk = 64;
// The end of an execution's id is random, and a slot's number is short.
const hashedChars = 6;
// As in Java's hash of strings.
const hashFactor = 31;

/**
 * A map of which a copy is cheap, and so is a summary after a change: for the executions of a job of thousands. Up to
 * 64 entries it iterates in the order of insertion; beyond, in an order that follows from its history alone.
 */
export class ChunkedMap<V> implements WritableMap<string, V> {
  readonly [Symbol.toStringTag] = "Map";
  /** A power of two. */
  #chunks: Chunk<V>[] = [newChunk()];
  /** Chunks that no copy shares. */
  readonly #owned = new Set<Chunk<V>>(this.#chunks);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A map with the same entries; a change of one does not change the other, as long as only the copy is changed. */
  copy(): ChunkedMap<V> {
    const copy = new ChunkedMap<V>();
    copy.#chunks = [...this.#chunks];
    copy.#owned.clear();
    copy.#size = this.#size;
    return copy;
  }

  get(key: string): V | undefined {
    return this.#chunkOf(key)?.entries.get(key);
  }

  has(key: string): boolean {
    return this.#chunkOf(key)?.entries.has(key) === true;
  }

  set(key: string, value: V): this {
    const { entries } = this.#writableChunk(key);
    const before = entries.size;
    entries.set(key, value);
    this.#size += entries.size - before;
    if (this.#size > this.#chunks.length * entriesPerChunk) this.#grow();
    return this;
  }

  delete(key: string): boolean {
    if (!this.has(key)) return false;
    this.#size -= 1;
    return this.#writableChunk(key).entries.delete(key);
  }

  *entries(): MapIterator<[string, V]> {
    for (const { entries } of this.#chunks) for (const entry of entries) yield entry;
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  *keys(): MapIterator<string> {
    for (const chunk of this.#chunks) yield* chunk.entries.keys();
  }

  *values(): MapIterator<V> {
    for (const { entries } of this.#chunks) for (const value of entries.values()) yield value;
  }

  forEach(visit: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) visit(value, key, this);
  }

  /** The summary of each chunk by `summarize`, which depends on the entries alone: one that exists is not made again. */
  summaries<T>(summarize: (entries: ReadonlyMap<string, V>) => T): readonly T[] {
    return this.#chunks.map((chunk) => {
      chunk.summaries ??= new Map();
      if (!chunk.summaries.has(summarize)) chunk.summaries.set(summarize, summarize(chunk.entries));
      return chunk.summaries.get(summarize) as T;
    });
  }

  /** The entries that may differ from those of another map: those of chunks that are not shared. */
  unshared(other: ChunkedMap<V>): readonly [string, V][] {
    const isAlike = other.#chunks.length === this.#chunks.length;
    return this.#chunks.flatMap((chunk, index) =>
      isAlike && other.#chunks[index] === chunk ? [] : [...chunk.entries],
    );
  }

  #indexOf(key: string): number {
    let hash = 0;
    for (let index = Math.max(0, key.length - hashedChars); index < key.length; index++)
      hash = Math.imul(hash, hashFactor) + key.charCodeAt(index);
    return (hash ^ (hash >>> 8)) & (this.#chunks.length - 1);
  }

  #chunkOf(key: string): Chunk<V> | undefined {
    return this.#chunks[this.#indexOf(key)];
  }

  #writableChunk(key: string): Chunk<V> {
    const index = this.#indexOf(key);
    const chunk = this.#chunks[index] ?? newChunk<V>();
    if (this.#owned.has(chunk)) {
      chunk.summaries = undefined;
      return chunk;
    }
    const copy = newChunk(chunk.entries);
    this.#chunks[index] = copy;
    this.#owned.add(copy);
    return copy;
  }

  #grow(): void {
    const before = this.#chunks;
    this.#chunks = Array.from({ length: before.length * 2 }, () => newChunk<V>());
    this.#owned.clear();
    for (const chunk of this.#chunks) this.#owned.add(chunk);
    for (const { entries } of before) for (const [key, value] of entries) this.#chunkOf(key)?.entries.set(key, value);
  }
}

function newChunk<V>(entries?: ReadonlyMap<string, V>): Chunk<V> {
  return { entries: new Map(entries), summaries: undefined };
}

/** The summaries of the parts of a map; of a plain map, one of the whole. */
export const summariesOf = <V, T>(
  map: ReadonlyMap<string, V>,
  summarize: (entries: ReadonlyMap<string, V>) => T,
): readonly T[] => (map instanceof ChunkedMap ? map.summaries(summarize) : [summarize(map)]);

/** The entries of a map that may differ from those of an earlier one. */
export const mayDiffer = <V>(map: ReadonlyMap<string, V>, other?: ReadonlyMap<string, V>): Iterable<[string, V]> =>
  map instanceof ChunkedMap && other instanceof ChunkedMap ? map.unshared(other) : map;
