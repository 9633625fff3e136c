/** A column: its heading, and what it shows of a row. */
export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string;
}

// Between columns; the field's own tables use two as well.
const gap = "  ";
const escapeCharacter = "\u001b";
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with this character
const colourCode = /\u001b\[\d+m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not reach a terminal
const control = /[\u0000-\u001f\u007f-\u009f]/g;

/** Rows under headings, aligned, without frames; ends with a line break. */
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

/** Text from outside on one line, unable to steer the terminal; our own colours stay. */
export function oneLine(text: string): string {
  if (!text.includes(escapeCharacter)) return text.replaceAll(control, " ");
  const codes = text.match(colourCode) ?? [];
  return text
    .split(colourCode)
    .map((piece, index) => piece.replaceAll(control, " ") + (codes[index] ?? ""))
    .join("");
}
