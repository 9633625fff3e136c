import { hash } from "node:crypto";

// SHA-256, truncated to 128 bits: the probability that two of 10^9 keys are equal is 10^-21.
const words = 4;
// The highest fill at which open addressing probes about three slots, and the growth factor with which a slot per entry
// takes about 40 bytes.
const fillMax = 0.75;
const growth = 1.5;
const slotsMin = 1_024;

const states = { free: 0, removed: 1, stored: 2, expected: 3 } as const;

/** Result of a lookup of a key with a value. */
export type DigestMatch = "same" | "different" | "missing";

/**
 * Digests of keys and values in flat memory: a key with a value takes 33 bytes and its share of free slots, a key alone
 * 17.
 */
export class DigestTable {
  readonly #holds: "keys" | "values";
  #slots = slotsMin;
  #keys = new Uint32Array(slotsMin * words);
  #values: Uint32Array;
  #states = new Uint8Array(slotsMin);
  #used = 0;
  #unexpected = 0;

  constructor(holds: "keys" | "values") {
    this.#holds = holds;
    this.#values = this.#room();
  }

  /** Stored keys for which `expect` was not called. */
  get unexpected(): number {
    return this.#unexpected;
  }

  /** Its memory in bytes. */
  get bytes(): number {
    return this.#keys.byteLength + this.#values.byteLength + this.#states.byteLength;
  }

  /** Stores a value under a key; replaces an earlier one. */
  set(key: string, value: Uint8Array): void {
    // First, because a new key may grow the table.
    const slot = this.#slotOf(key);
    this.#values.set(digestOf(value), slot * words);
  }

  /** Stores a key without a value; false when it is stored already. */
  add(key: string): boolean {
    const { unexpected } = this;
    this.#slotOf(key);
    return this.unexpected > unexpected;
  }

  /** Removes a key; harmless when it is absent. */
  delete(key: string): void {
    const slot = this.#find(digestOf(key));
    if (slot !== -1) this.#become(slot, states.removed);
  }

  /** Whether a value is stored under a key that was not expected. */
  isUnexpected(key: string): boolean {
    const slot = this.#find(digestOf(key));
    return slot !== -1 && this.#states[slot] === states.stored;
  }

  /** Compares the value stored under a key, and marks the key as expected. */
  expect(key: string, value: Uint8Array): DigestMatch {
    const slot = this.#find(digestOf(key));
    if (slot === -1 || (this.#states[slot] ?? states.free) < states.stored) return "missing";
    this.#become(slot, states.expected);
    return isAt(this.#values, slot, digestOf(value)) ? "same" : "different";
  }

  /** The slot of a key, which is occupied from now on. */
  #slotOf(key: string): number {
    const digest = digestOf(key);
    const known = this.#find(digest);
    const slot = known === -1 ? this.#insert(digest) : known;
    this.#become(slot, states.stored);
    return slot;
  }

  #become(slot: number, state: number): void {
    const before = this.#states[slot];
    if (before === states.stored) this.#unexpected -= 1;
    if (state === states.stored) this.#unexpected += 1;
    this.#states[slot] = state;
  }

  #find(key: Uint32Array): number {
    for (let slot = firstSlot(key, this.#slots); ; slot = slot + 1 === this.#slots ? 0 : slot + 1) {
      if (this.#states[slot] === states.free) return -1;
      if (isAt(this.#keys, slot, key)) return slot;
    }
  }

  #insert(key: Uint32Array): number {
    if (this.#used + 1 > this.#slots * fillMax) this.#grow();
    this.#used += 1;
    return this.#place(key);
  }

  #place(key: Uint32Array): number {
    let slot = firstSlot(key, this.#slots);
    while (this.#states[slot] !== states.free) slot = slot + 1 === this.#slots ? 0 : slot + 1;
    this.#keys.set(key, slot * words);
    // Not free any more; the caller sets its state.
    this.#states[slot] = states.removed;
    return slot;
  }

  #room(): Uint32Array {
    return new Uint32Array(this.#holds === "keys" ? 0 : this.#slots * words);
  }

  #grow(): void {
    const [slots, keys, values, before] = [this.#slots, this.#keys, this.#values, this.#states];
    this.#slots = Math.ceil(slots * growth);
    this.#keys = new Uint32Array(this.#slots * words);
    this.#values = this.#room();
    this.#states = new Uint8Array(this.#slots);
    for (let old = 0; old < slots; old++) {
      const state = before[old] ?? states.free;
      if (state === states.free) continue;
      const slot = this.#place(keys.subarray(old * words, (old + 1) * words));
      if (this.#holds === "values") this.#values.set(values.subarray(old * words, (old + 1) * words), slot * words);
      this.#states[slot] = state;
    }
  }
}

// Each digest overwrites the previous one: a table has stored a key before it computes the digest of the value.
const latest = new Uint32Array(words);

function digestOf(value: string | Uint8Array): Uint32Array {
  // As text, because a buffer for each digest costs more than the digest (measured).
  const digest = hash("sha256", value, "binary");
  for (let word = 0, at = 0; word < words; word++, at += 4)
    latest[word] =
      (digest.charCodeAt(at) << 24) |
      (digest.charCodeAt(at + 1) << 16) |
      (digest.charCodeAt(at + 2) << 8) |
      digest.charCodeAt(at + 3);
  return latest;
}

const firstSlot = (key: Uint32Array, slots: number): number => (key[0] ?? 0) % slots;

function isAt(array: Uint32Array, slot: number, digest: Uint32Array): boolean {
  const at = slot * words;
  return (
    array[at] === digest[0] && array[at + 1] === digest[1] && array[at + 2] === digest[2] && array[at + 3] === digest[3]
  );
}
