import type { FrozenParts } from "./frozen-parts.ts";
import { fits, heads, lastAscii } from "./heads.ts";
import { unusual } from "./unusual.ts";

/** Limits of the quick writer. */
export const writerLimits = {
  /** A commit's usual limit. What is larger is the library's: it is rare, and its time goes into the text. */
  bytes: 64 * 1024,
  /** Names that are remembered as they are written: some times as many as all schemas have. Then all are forgotten. */
  names: 4_096,
} as const;

/** Writes plain data as MessagePack, byte for byte as the library does, in half its time. */
export class PlainWriter {
  readonly #names = new Map<string, Uint8Array>();
  readonly #out = Buffer.allocUnsafeSlow(writerLimits.bytes);
  readonly #float = new DataView(this.#out.buffer, this.#out.byteOffset);
  readonly #parts: FrozenParts;
  #at = 0;

  /** `parts` are written as what they were read from. */
  constructor(parts: FrozenParts) {
    this.#parts = parts;
  }

  /** Undefined when something in it is unusual. Throws what reading the data throws. */
  write(data: unknown): Uint8Array | undefined {
    this.#at = 0;
    try {
      this.#value(data);
    } catch (failure) {
      if (failure === unusual || failure instanceof RangeError) return undefined;
      throw failure;
    }
    // What did not fit was written nowhere, but counted.
    return this.#at > writerLimits.bytes ? undefined : Buffer.from(this.#out.subarray(0, this.#at));
  }

  #value(data: unknown): void {
    if (typeof data === "string") this.#text(data);
    else if (typeof data === "number") this.#number(data);
    else if (typeof data === "boolean") this.#byte(data ? heads.true : heads.false);
    else if (data === null) this.#byte(heads.nil);
    else if (typeof data === "object") this.#many(data);
    else throw unusual;
  }

  #byte(byte: number): void {
    this.#out[this.#at++] = byte;
  }

  #twoBytes(number: number): void {
    this.#out[this.#at++] = number >> 8;
    this.#out[this.#at++] = number;
  }

  #text(text: string): void {
    const { length } = text;
    if (length < fits.text) this.#byte(heads.text | length);
    else if (length < fits.one) {
      this.#byte(heads.text8);
      this.#byte(length);
    } else {
      if (length >= fits.two) throw unusual;
      this.#byte(heads.text16);
      this.#twoBytes(length);
    }
    const out = this.#out;
    let at = this.#at;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > lastAscii) throw unusual;
      out[at++] = code;
    }
    this.#at = at;
  }

  #number(number: number): void {
    if (number >>> 0 === number) this.#whole(number);
    // Whole and below zero: rare in a log.
    else if (number >> 0 === number) throw unusual;
    else {
      this.#byte(heads.float64);
      this.#float.setFloat64(this.#at, number);
      this.#at += 8;
    }
  }

  #whole(number: number): void {
    if (number < fits.whole) this.#byte(number);
    else if (number < fits.one) {
      this.#byte(heads.whole8);
      this.#byte(number);
    } else if (number < fits.two) {
      this.#byte(heads.whole16);
      this.#twoBytes(number);
    } else {
      this.#byte(heads.whole32);
      this.#twoBytes(number >>> 16);
      this.#twoBytes(number);
    }
  }

  #many(data: object): void {
    const stored = this.#parts.storedOf(data);
    if (stored !== undefined) this.#stored(stored);
    else if (Array.isArray(data)) this.#list(data);
    else if (isPlain(data)) this.#map(data);
    else throw unusual;
  }

  #stored(stored: Uint8Array): void {
    if (this.#at + stored.length > this.#out.length) throw unusual;
    this.#out.set(stored, this.#at);
    this.#at += stored.length;
  }

  #list(items: readonly unknown[]): void {
    const { length } = items;
    if (length < fits.many) this.#byte(heads.list | length);
    else {
      if (length >= fits.two) throw unusual;
      this.#byte(heads.list16);
      this.#twoBytes(length);
    }
    for (let index = 0; index < length; index++) this.#value(items[index]);
  }

  /** As the library does it, always with two bytes of length: they are known only at the end. */
  #map(fields: Readonly<Record<string, unknown>>): void {
    this.#byte(heads.map16);
    const lengthAt = this.#at;
    this.#at += 2;
    let length = 0;
    for (const name in fields) {
      length += 1;
      this.#name(name);
      this.#value(fields[name]);
    }
    if (length >= fits.two) throw unusual;
    this.#out[lengthAt] = length >> 8;
    this.#out[lengthAt + 1] = length;
  }

  #name(name: string): void {
    const stored = this.#names.get(name) ?? this.#learnt(name);
    const out = this.#out;
    let at = this.#at;
    for (let index = 0; index < stored.length; index++) out[at++] = stored[index] ?? 0;
    this.#at = at;
  }

  /** As what a new name is written. */
  #learnt(name: string): Uint8Array {
    const from = this.#at;
    this.#text(name);
    if (this.#at > this.#out.length) throw unusual;
    const stored = Uint8Array.from(this.#out.subarray(from, this.#at));
    this.#at = from;
    if (this.#names.size >= writerLimits.names) this.#names.clear();
    if (name.length < fits.text) this.#names.set(name, stored);
    return stored;
  }
}

function isPlain(data: object): data is Readonly<Record<string, unknown>> {
  return Object.getPrototypeOf(data) === Object.prototype;
}
