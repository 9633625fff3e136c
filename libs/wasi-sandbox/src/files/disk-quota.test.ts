import { describe, expect, it } from "vitest";
import { Refusal } from "../sandbox/errno.ts";
import { diskQuota } from "./disk-quota.ts";

const limits = { diskBytes: 100, madeFilesMax: 2 };
const a = { dev: 1, ino: 1, size: 0 };
const b = { dev: 1, ino: 2, size: 0 };

function counting() {
  const whys: string[] = [];
  return { whys, book: diskQuota(limits, (why) => whys.push(why)) };
}

describe("a quota", () => {
  it("allows a guest to write exactly up to its limit, over all files", () => {
    const { book, whys } = counting();
    book.opened(a);
    book.opened(b);
    book.reaches(a, 60);
    book.reaches(b, 40);
    expect(whys).toEqual([]);
    expect(() => book.reaches(b, 41)).toThrow(Refusal);
    expect(whys).toEqual(["it wrote 101 bytes to its outputs; the task may write 100"]);
  });
  it("counts a byte that is written twice once, and a write within a file not at all", () => {
    const { book, whys } = counting();
    book.opened(a);
    book.reaches(a, 100);
    book.reaches(a, 100);
    book.reaches(a, 1);
    expect([whys, book.sizeOf(a)]).toEqual([[], 100]);
  });
  it("counts only what a guest adds to an existing file", () => {
    const { book, whys } = counting();
    const large = { dev: 1, ino: 3, size: 5000 };
    book.opened(large);
    book.reaches(large, 5100);
    expect(whys).toEqual([]);
    expect(() => book.reaches(large, 5101)).toThrow(Refusal);
  });
  it("releases the bytes of a removed file once it is closed", () => {
    const { book } = counting();
    book.opened(a);
    book.reaches(a, 100);
    book.unlinked(a);
    book.opened(b);
    expect(() => book.reaches(b, 1)).toThrow(Refusal);
    book.closed(a);
    expect(() => book.reaches(b, 100)).not.toThrow();
  });
  it("releases the bytes that a truncation removes", () => {
    const { book } = counting();
    book.opened(a);
    book.reaches(a, 100);
    book.resized(a, 30);
    book.opened(b);
    expect(() => book.reaches(b, 70)).not.toThrow();
    expect(() => book.reaches(b, 71)).toThrow(Refusal);
  });
  it("counts names that exist at the same time", () => {
    const { book } = counting();
    book.made();
    book.made();
    book.unlinked(undefined);
    book.made();
    expect(() => book.made()).toThrow(Refusal);
  });
});
