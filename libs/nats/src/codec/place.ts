/** Limits of what is remembered about data that is read. */
export const placeLimits = {
  /** Names that may come next at a place before it counts as a user's own map, of which nothing more is remembered. */
  choices: 8,
  /** Items of a list that have a place each; those behind share the last one's. */
  items: 8,
  /** Characters of a text that is remembered: ids, digests and words, but no output. */
  text: 64,
  /** Bytes of a map or a list that is remembered whole: less is read sooner than compared, and a task has some hundred. */
  wholeLeast: 32,
  wholeMost: 1_024,
  /** So often in a row it may differ what stands at a place before that is taken for one where it always does. */
  misses: 4,
  /** Each so manieth time such a place is learnt again. */
  again: 64,
  /** Places: some times as many as all events have. At the limit everything is learnt anew. */
  places: 16_384,
  /** Levels: deeper data is the library's to refuse or to read. */
  levels: 64,
} as const;

/** A map or list, and as what it is stored. */
export interface Whole {
  readonly value: object;
  readonly stored: Uint8Array;
}

const none = new Uint8Array(0);

/** Somewhere in data of which the like is read again and again: the data itself, a field of a map, or an item of a list. */
export class Place {
  /** Of a field its name, and that as it is stored, with its head. */
  readonly name: string;
  readonly storedName: Uint8Array;
  /** The fields that have come behind this one. */
  readonly next: Place[] = [];
  /** The first fields of the maps that have stood here. */
  readonly first: Place[] = [];
  readonly items: Place[] = [];
  /** A text that has stood here, and as what it is stored: as many bytes as it has characters. */
  text = "";
  stored = none;
  #whole: Whole | undefined;
  #misses = 0;

  constructor(name = "", storedName = none) {
    this.name = name;
    this.storedName = storedName;
  }

  /** What stands here is not what was learnt; says whether it pays to learn that instead. */
  missed(): boolean {
    this.#misses += 1;
    return this.#isPromising();
  }

  #isPromising(): boolean {
    return this.#misses <= placeLimits.misses || this.#misses % placeLimits.again === 0;
  }

  /** The text was the one that was learnt. */
  wasTheSame(): void {
    this.#misses = 0;
  }

  /** The map or list that was learnt, if it stands there again. */
  again(bytes: Buffer, at: number): Whole | undefined {
    const whole = this.#whole;
    if (whole === undefined || !this.#isPromising()) return undefined;
    const { length } = whole.stored;
    if (at + length > bytes.length || bytes.compare(whole.stored, 0, length, at, at + length) !== 0) return undefined;
    this.#misses = 0;
    return whole;
  }

  /** Learns the map or list that stands here instead, if it is of a size that pays. */
  learn(value: object, { from, end }: { readonly from: number; readonly end: number }, bytes: Buffer) {
    if (end - from < placeLimits.wholeLeast || end - from > placeLimits.wholeMost) return undefined;
    this.#whole = { value, stored: Uint8Array.from(bytes.subarray(from, end)) };
    return this.#whole;
  }
}
