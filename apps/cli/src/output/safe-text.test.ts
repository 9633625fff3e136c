import { expect, it } from "vitest";
import { paint } from "./paint.ts";
import { oneLine, safeLines, terminalText } from "./safe-text.ts";

// Clears the screen, sets the title, reports the cursor, writes the clipboard, hides what follows, turns the direction, in C0 and in C1 form.
const hostile = [
  "\u001b[2J",
  "\u001b]0;title\u0007",
  "\u001b[6n",
  "\u001b]52;c;cm0gLXJm\u001b\\",
  "\u001bP$q\u001b\\",
  "\u001bc",
  "\u009b2J",
  "\u009d0;title\u009c",
  "\u202e",
  "\u2066",
  "\b\b\b",
  "\u007f",
  "\u0000",
];
// None of these may remain.
const steering = /[^\P{Cc}\n\t\r]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

it.each(hostile.map((text) => [JSON.stringify(text), text]))("removes the control sequences of %s", (_, text) => {
  for (const safe of [oneLine, safeLines, terminalText]) expect(safe(`a${text}b`)).not.toMatch(steering);
});

it("keeps the colours of this program on a line, and no style that conceals text", () => {
  const { red, bold, dim } = paint(true);
  for (const painted of [red("x"), bold("x"), dim("x")]) expect(oneLine(painted)).toBe(painted);
  expect(oneLine("\u001b[8mhidden")).toBe(" [8mhidden");
  expect(oneLine("a\r\n\tb\u2028c")).toBe("a   b c");
});

it("keeps the lines of a message", () => {
  expect(safeLines("one\n\ttwo\rthree")).toBe("one\n\ttwo three");
});

it("keeps the line ends, tabs, returns and colours of a task's output", () => {
  const output = "10%\r20%\r\n\u001b[38;5;9mred\u001b[0m\tgrößer 🐟\n";
  expect(terminalText(output)).toBe(output);
});
