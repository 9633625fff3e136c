// The colours that this program uses (see paint.ts); styles that conceal, blink or invert are not among them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with this character
const ownColour = /\u001b\[(?:1|2|22|3[1-6]|39)m/g;
// Any colour or style (SGR of ECMA-48): it changes the appearance of text and nothing else.
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with this character
const anyStyle = /\u001b\[[\d;]*m/g;
// Control and format characters, and the line ends that are neither.
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
const unseenInLines = /[^\P{Cc}\n\t]|[\p{Cf}\u2028\u2029]/gu;
// The output of a program needs line ends, tabs, and the return that draws a progress bar. Direction marks reorder the text around them.
const steering = /[^\P{Cc}\n\t\r]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Untrusted text on one line, without control and format characters; the colours of this program stay. */
export const oneLine = (text: string): string => between(text, ownColour, (piece) => piece.replaceAll(unseen, " "));

/** Untrusted text on several lines, filtered the same way. */
export const safeLines = (text: string): string =>
  between(text, ownColour, (piece) => piece.replaceAll(unseenInLines, " "));

/** Filters everything printed on a terminal, the output of tasks included, to text, line ends, tabs, returns and colours. */
export const terminalText = (text: string): string =>
  between(text, anyStyle, (piece) => piece.replaceAll(steering, ""));

/** Maps the text between the matches. */
function between(text: string, saved: RegExp, change: (piece: string) => string): string {
  const keeps = text.match(saved) ?? [];
  return text
    .split(saved)
    .map((piece, index) => change(piece) + (keeps[index] ?? ""))
    .join("");
}
