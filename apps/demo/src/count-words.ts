/** Counts the words of a text as examples/word-count does: letters, digits and non-ASCII characters, in lower case. */
export function countWords(bytes: Uint8Array): ReadonlyMap<string, number> {
  // Latin-1 maps every byte to one character, so that non-ASCII bytes are one range of characters.
  const words =
    Buffer.from(bytes)
      .toString("latin1")
      .match(/[A-Za-z0-9\u0080-\u00ff]+/g) ?? [];
  const counts = new Map<string, number>();
  for (const word of words) {
    const key = Buffer.from(
      word.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()),
      "latin1",
    ).toString("utf8");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Adds the lines `word<tab>count` of a partition to a sum. */
export function addCounts(sum: Map<string, number>, lines: string): void {
  for (const line of lines.split("\n")) {
    const [word = "", count] = line.split("\t");
    if (count !== undefined) sum.set(word, (sum.get(word) ?? 0) + Number(count));
  }
}

/** The first word with different counts; undefined when all are equal. */
export function firstDifference(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): string | undefined {
  return [...one.keys(), ...other.keys()].find((word) => one.get(word) !== other.get(word));
}
