/** Counts the words of a text as examples/word-count does: letters, digits and everything beyond ASCII, in lower case. */
export function countWords(bytes: Uint8Array): ReadonlyMap<string, number> {
  // Latin-1 makes one character of every byte, so that "beyond ASCII" is a range of characters.
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

/** Adds the lines `word<tab>count` of one partition to a sum. */
export function addCounts(sum: Map<string, number>, lines: string): void {
  for (const line of lines.split("\n")) {
    const [word = "", count] = line.split("\t");
    if (count !== undefined) sum.set(word, (sum.get(word) ?? 0) + Number(count));
  }
}

/** The first word on which two counts differ, or undefined when they are the same. */
export function firstDifference(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): string | undefined {
  return [...one.keys(), ...other.keys()].find((word) => one.get(word) !== other.get(word));
}
