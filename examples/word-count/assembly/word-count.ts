// Counts the words of one slice of a text file. AssemblyScript: the syntax of TypeScript, the numbers of WebAssembly.
//
// A word belongs to the slice that has its first byte, and is counted whole, wherever it ends. So exactly one partition
// counts each word, for any number of partitions.
import { argument, partitionCount, partitionIndex } from "./arguments";
import { createFile, fail, fileSize, openFile, readAt, write } from "./files";
import { Table } from "./table";

// One round trip to the node for each chunk.
const chunkBytes = 256 * 1024;
// Fits on a screen beside the lines of the other partitions.
const shownWords = 10;
const stdout: i32 = 1;

const chunk = new StaticArray<u8>(chunkBytes);
const table = new Table();

/** Letters, digits, and every byte of a non-ASCII character. */
function isWordByte(byte: u8): bool {
  return (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || (byte >= 48 && byte <= 57) || byte >= 128;
}

function lowered(byte: u8): u8 {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

function countSlice(fd: i32, start: i64, end: i64): void {
  // With more partitions than bytes, some slices are empty.
  if (start >= end) return;
  // The byte before the slice decides whether its first bytes are the tail of an earlier word.
  let skipping = start > 0 && isWordByteAt(fd, start - 1);
  let at = start;
  while (true) {
    const got = readAt(fd, at, chunk);
    if (got === 0) break;
    for (let index = 0; index < got; index += 1) {
      const byte = chunk[index];
      if (isWordByte(byte)) {
        if (!skipping) table.push(lowered(byte));
        continue;
      }
      skipping = false;
      table.endWord();
      // A word of this slice has ended here; the rest belongs to the next slice.
      if (at + index + 1 >= end) return;
    }
    at += got;
    if (at >= end && !table.inWord) return;
  }
  table.endWord();
}

function isWordByteAt(fd: i32, offset: i64): bool {
  const one = new StaticArray<u8>(1);
  return readAt(fd, offset, one) === 1 && isWordByte(one[0]);
}

function main(): void {
  const source = argument(1);
  const folder = argument(2);
  const index = partitionIndex();
  const count = partitionCount();
  if (index < 0 || count < 1 || index >= count) fail("the partition's index must be below the number of partitions");

  const input = openFile(source);
  const size = fileSize(input);
  countSlice(input, (size * index) / count, (size * (index + 1)) / count);

  const summary = `partition ${index} of ${count}: ${table.total} words, ${table.size} different\n`;
  write(stdout, String.UTF8.encode(summary));
  write(stdout, table.mostFrequent(shownWords));
  write(createFile(`${folder}/counts.txt`), table.sorted());
}

main();
