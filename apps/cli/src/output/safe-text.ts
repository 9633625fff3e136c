// The colours that this program uses itself (see paint.ts); what conceals, blinks or inverts is not among them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with this character
const ownColour = /\u001b\[(?:1|2|22|3[1-6]|39)m/g;
// Any colour or style (SGR of ECMA-48): it changes how text looks and nothing else.
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with this character
const anyStyle = /\u001b\[[\d;]*m/g;
// Control and format characters, and the line ends that are neither.
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
const unseenInLines = /[^\P{Cc}\n\t]|[\p{Cf}\u2028\u2029]/gu;
// Of these a program's output needs line ends, tabs, and the return that draws a progress bar; direction marks reorder what stands around them.
const steering = /[^\P{Cc}\n\t\r]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text from outside on one line, unable to steer the terminal or to hide a part of itself; our own colours stay. */
export const oneLine = (text: string): string => between(text, ownColour, (piece) => piece.replaceAll(unseen, " "));

/** Text from outside on several lines, the same. */
export const safeLines = (text: string): string =>
  between(text, ownColour, (piece) => piece.replaceAll(unseenInLines, " "));

/** What may reach a terminal of all that is printed, a task's own output too: text, line ends, tabs, returns, and colours. */
export const terminalText = (text: string): string =>
  between(text, anyStyle, (piece) => piece.replaceAll(steering, ""));

/** Changes what lies between the matches. */
function between(text: string, saved: RegExp, change: (piece: string) => string): string {
  const keeps = text.match(saved) ?? [];
  return text
    .split(saved)
    .map((piece, index) => change(piece) + (keeps[index] ?? ""))
    .join("");
}
