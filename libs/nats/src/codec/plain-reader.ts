import { fits, heads, lastAscii } from "./heads.ts";
import { Place, placeLimits, type Whole } from "./place.ts";
import { unusual } from "./unusual.ts";

type Fields = Record<string, unknown>;

/**
 * Reads MessagePack as the library does, in less than half its time where it reads the like again and again: it
 * remembers, place by place, which names follow one another and what stood there last, compares, and makes anew only
 * what differs. Maps and lists that are the same as before are the same object, frozen.
 */
export class PlainReader {
  readonly #learnt: (whole: Whole) => void;
  #root = new Place();
  #places = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #level = 0;

  /** `learnt` hears of each map and list that is remembered, before anybody else has it. */
  constructor(learnt: (whole: Whole) => void) {
    this.#learnt = learnt;
  }

  /** `unusual` when it is for the library to say what this is, or that it is nothing. */
  read(bytes: Uint8Array): unknown {
    this.#bytes = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = 0;
    this.#level = 0;
    if (this.#places > placeLimits.places) this.#forget();
    try {
      const value = this.#value(this.#root);
      return this.#at === bytes.length ? value : unusual;
    } catch (failure) {
      if (failure === unusual) return unusual;
      throw failure;
    }
  }

  /** How many places it remembers something of. */
  get places(): number {
    return this.#places;
  }

  #forget(): void {
    this.#root = new Place();
    this.#places = 0;
  }

  #value(place: Place | undefined): unknown {
    // At the end of bytes that are cut off there is nothing.
    const head = this.#bytes[this.#at] ?? heads.never;
    if (head >= heads.text && head < heads.nil) {
      this.#at += 1;
      return this.#text(head % fits.text, place);
    }
    if (head >= heads.map && (head < heads.text || head === heads.map16 || head === heads.list16))
      return this.#many(place);
    this.#at += 1;
    return head < fits.whole ? head : this.#other(head, place);
  }

  #other(head: number, place: Place | undefined): unknown {
    switch (head) {
      case heads.nil:
        return null;
      case heads.false:
        return false;
      case heads.true:
        return true;
      case heads.float64:
        return this.#float();
      case heads.whole8:
        return this.#byte();
      case heads.whole16:
        return this.#twoBytes();
      case heads.whole32:
        return this.#twoBytes() * fits.two + this.#twoBytes();
      case heads.text8:
        return this.#text(this.#byte(), place);
      case heads.text16:
        return this.#text(this.#twoBytes(), place);
      default:
        throw unusual;
    }
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  #twoBytes(): number {
    return this.#byte() * fits.one + this.#byte();
  }

  #float(): number {
    const at = this.#at;
    this.#at += 8;
    if (this.#at > this.#bytes.length) throw unusual;
    return this.#bytes.readDoubleBE(at);
  }

  #text(length: number, place: Place | undefined): string {
    const bytes = this.#bytes;
    const from = this.#at;
    const end = from + length;
    if (end > bytes.length) throw unusual;
    this.#at = end;
    if (place === undefined || length > placeLimits.text) return asciiOf(bytes, from, end);
    if (place.stored.length === length && stands(place.stored, bytes, from)) {
      place.wasTheSame();
      return place.text;
    }
    const text = asciiOf(bytes, from, end);
    if (place.missed()) {
      place.text = text;
      place.stored = Uint8Array.from(bytes.subarray(from, end));
    }
    return text;
  }

  /** A map or a list: what stood here last, when the same bytes stand here again. */
  #many(place: Place | undefined): object {
    if (place === undefined) return this.#fresh(place);
    const from = this.#at;
    const again = place.again(this.#bytes, from);
    if (again !== undefined) {
      this.#at += again.stored.length;
      return again.value;
    }
    const value = this.#fresh(place);
    if (!place.missed()) return value;
    const whole = place.learn(value, { from, end: this.#at }, this.#bytes);
    if (whole !== undefined) this.#learnt(whole);
    return value;
  }

  #fresh(place: Place | undefined): object {
    this.#level += 1;
    if (this.#level > placeLimits.levels) throw unusual;
    const head = this.#byte();
    const isMap = head === heads.map16 || head < heads.list;
    const length = head < heads.text ? head % fits.many : this.#twoBytes();
    const value = isMap ? this.#map(length, place) : this.#list(length, place);
    this.#level -= 1;
    return value;
  }

  #list(length: number, place: Place | undefined): unknown[] {
    const items: unknown[] = [];
    for (let index = 0; index < length; index++) items.push(this.#value(place && this.#item(place, index)));
    return items;
  }

  #item(place: Place, index: number): Place {
    const at = Math.min(index, placeLimits.items - 1);
    const known = place.items[at];
    if (known !== undefined) return known;
    this.#places += 1;
    const made = new Place();
    place.items[at] = made;
    return made;
  }

  #map(length: number, place: Place | undefined): Fields {
    const fields: Fields = {};
    let known = place?.first;
    for (let index = 0; index < length; index++) {
      const field = known && this.#field(known);
      if (field === undefined) fields[this.#name()] = this.#value(undefined);
      else fields[field.name] = this.#value(field);
      known = field?.next;
    }
    return fields;
  }

  /** The field that stands here; undefined when it is none of those that have come here, and those are many already. */
  #field(next: Place[]): Place | undefined {
    const bytes = this.#bytes;
    for (let index = 0; index < next.length; index++) {
      const known = next[index];
      if (known === undefined || !stands(known.storedName, bytes, this.#at)) continue;
      this.#at += known.storedName.length;
      return known;
    }
    if (next.length === placeLimits.choices) return undefined;
    const from = this.#at;
    const name = this.#name();
    const made = new Place(name, Uint8Array.from(bytes.subarray(from, this.#at)));
    this.#places += 1;
    next.push(made);
    return made;
  }

  #name(): string {
    const head = this.#byte();
    const isShort = head >= heads.text && head < heads.nil;
    if (!isShort && head !== heads.text8) throw unusual;
    const name = this.#text(isShort ? head % fits.text : this.#byte(), undefined);
    // The library gives it another name, so that nobody's prototype is changed.
    if (name === "__proto__") throw unusual;
    return name;
  }
}

/** Whether these bytes stand there. */
function stands(stored: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let index = 0; index < stored.length; index++) if (stored[index] !== bytes[from + index]) return false;
  return true;
}

function asciiOf(bytes: Buffer, from: number, end: number): string {
  for (let at = from; at < end; at++) if ((bytes[at] ?? 0) > lastAscii) throw unusual;
  return bytes.toString("latin1", from, end);
}
