// A hash table of words over one growing buffer of bytes, without an object for each word: memory grows with the number of
// different words and not with the length of the text.

// The two constants of FNV-1a for 32 bits.
const hashStart: u32 = 2166136261;
const hashFactor: u32 = 16777619;
// Powers of two; doubled when full. A slot count of 4096 holds a novel's words after two doublings.
const firstSlots = 4096;
const firstBytes = 65536;

export class Table {
  /** All words, one after the other; the one being read is at the end. */
  private bytes: StaticArray<u8> = new StaticArray<u8>(firstBytes);
  private end: i32 = 0;
  private wordStart: i32 = 0;
  private hash: u32 = hashStart;
  /** For each slot the number of its word plus one, or 0. */
  private slots: StaticArray<i32> = new StaticArray<i32>(firstSlots);
  private starts: Array<i32> = [];
  private lengths: Array<i32> = [];
  private hashes: Array<u32> = [];
  private counts: Array<i32> = [];
  /** Words in all. */
  total: i64 = 0;

  /** Different words. */
  get size(): i32 {
    return this.starts.length;
  }

  get inWord(): bool {
    return this.end > this.wordStart;
  }

  push(byte: u8): void {
    if (this.end === this.bytes.length) this.bytes = grown<u8>(this.bytes);
    this.bytes[this.end] = byte;
    this.end += 1;
    this.hash = (this.hash ^ byte) * hashFactor;
  }

  endWord(): void {
    if (!this.inWord) return;
    this.total += 1;
    const slot = this.find();
    const word = this.slots[slot] - 1;
    if (word >= 0) {
      this.counts[word] += 1;
      this.end = this.wordStart;
    } else this.add(slot);
    this.wordStart = this.end;
    this.hash = hashStart;
  }

  private find(): i32 {
    const mask = this.slots.length - 1;
    const length = this.end - this.wordStart;
    let slot = <i32>(this.hash & <u32>mask);
    for (let word = this.slots[slot] - 1; word >= 0; word = this.slots[slot] - 1) {
      if (this.hashes[word] === this.hash && this.lengths[word] === length) {
        if (memory.compare(this.at(this.starts[word]), this.at(this.wordStart), length) === 0) break;
      }
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private add(slot: i32): void {
    this.slots[slot] = this.starts.push(this.wordStart);
    this.lengths.push(this.end - this.wordStart);
    this.hashes.push(this.hash);
    this.counts.push(1);
    // Half full at most: searches stay short.
    if (this.size * 2 > this.slots.length) this.rehash();
  }

  private rehash(): void {
    const slots = new StaticArray<i32>(this.slots.length * 2);
    const mask = slots.length - 1;
    for (let word = 0; word < this.size; word += 1) {
      let slot = <i32>(this.hashes[word] & <u32>mask);
      while (slots[slot] > 0) slot = (slot + 1) & mask;
      slots[slot] = word + 1;
    }
    this.slots = slots;
  }

  private at(offset: i32): usize {
    return changetype<usize>(this.bytes) + offset;
  }

  private compare(a: i32, b: i32): i32 {
    const shorter = min(this.lengths[a], this.lengths[b]);
    const order = memory.compare(this.at(this.starts[a]), this.at(this.starts[b]), shorter);
    return order !== 0 ? order : this.lengths[a] - this.lengths[b];
  }

  /** Every word with its count, by the bytes of the word. */
  sorted(): ArrayBuffer {
    shown = this;
    return this.lines(this.order((a, b) => shown.compare(a, b)), this.size);
  }

  /** The most frequent words, in falling order; words of equal count by their bytes. */
  mostFrequent(most: i32): ArrayBuffer {
    shown = this;
    const order = this.order((a, b) => {
      const more = shown.counts[b] - shown.counts[a];
      return more !== 0 ? more : shown.compare(a, b);
    });
    return this.lines(order, min(most, this.size));
  }

  private order(compare: (a: i32, b: i32) => i32): Array<i32> {
    const words = new Array<i32>(this.size);
    for (let word = 0; word < words.length; word += 1) words[word] = word;
    return words.sort(compare);
  }

  private lines(words: Array<i32>, most: i32): ArrayBuffer {
    let size = 0;
    for (let index = 0; index < most; index += 1) {
      const word = words[index];
      size += this.lengths[word] + this.counts[word].toString().length + 2;
    }
    const text = new ArrayBuffer(size);
    let at = changetype<usize>(text);
    for (let index = 0; index < most; index += 1) {
      const word = words[index];
      memory.copy(at, this.at(this.starts[word]), this.lengths[word]);
      at += this.lengths[word];
      store<u8>(at, 9); // tab
      const count = String.UTF8.encode(this.counts[word].toString());
      memory.copy(at + 1, changetype<usize>(count), count.byteLength);
      at += 1 + count.byteLength;
      store<u8>(at, 10); // new line
      at += 1;
    }
    return text;
  }
}

// AssemblyScript has no closures: the operands of a comparison are passed here.
let shown: Table = new Table();

function grown<T>(full: StaticArray<T>): StaticArray<T> {
  const larger = new StaticArray<T>(full.length * 2);
  memory.copy(changetype<usize>(larger), changetype<usize>(full), full.length);
  return larger;
}
