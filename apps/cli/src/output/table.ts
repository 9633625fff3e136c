import { oneLine } from "./safe-text.ts";

/** A column: its heading, and its cell of a row. */
export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string;
}

// Between columns; Bacalhau's tables use two as well.
const gap = "  ";
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with this character
const colourCode = /\u001b\[\d+m/g;

/** Formats rows under headings, aligned, without borders; ends with a line break. */
export function table<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ of }) => oneLine(of(row))))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => widthOf(line[index] ?? ""))));
  const written = cells.map((line) =>
    line
      .map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - widthOf(cell)))
      .join(gap)
      .trimEnd(),
  );
  return `${written.join("\n")}\n`;
}

const widthOf = (text: string): number => [...text.replaceAll(colourCode, "")].length;
