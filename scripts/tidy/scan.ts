/** A text with parts of it turned into blanks, every line and column where it was. */
export interface Blanked {
  /** Without comments; strings stay. */
  readonly uncommented: string;
  /** Without comments and without what stands in strings, templates and regular expressions. */
  readonly code: string;
}

interface Piece {
  readonly kind: "code" | "comment" | "string";
  readonly end: number;
}

/** Tells code from comments and strings. It knows as much of the grammar as that takes, and no more. */
export function blank(text: string): Blanked {
  const kinds: Piece[] = [];
  const templates: number[] = [];
  let at = 0;
  while (at < text.length) {
    const piece = pieceAt(text, at, templates);
    kinds.push(piece);
    at = piece.end;
  }
  return { uncommented: render(text, kinds, ["comment"]), code: render(text, kinds, ["comment", "string"]) };
}

function render(text: string, pieces: readonly Piece[], hidden: readonly Piece["kind"][]): string {
  let start = 0;
  return pieces
    .map(({ kind, end }) => {
      const part = text.slice(start, end);
      start = end;
      return hidden.includes(kind) ? part.replaceAll(/[^\n]/g, " ") : part;
    })
    .join("");
}

/** The piece that begins at `at`. `templates` holds, for each open `${`, how many braces are open inside it. */
function pieceAt(text: string, at: number, templates: number[]): Piece {
  const two = text.slice(at, at + 2);
  const one = text[at] ?? "";
  if (two === "//" || (two === "#!" && at === 0)) return { kind: "comment", end: endOf(text, "\n", at) };
  if (two === "/*") return { kind: "comment", end: endOf(text, "*/", at + 2) + 2 };
  if (one === '"' || one === "'") return { kind: "string", end: endOfQuoted(text, at, one) };
  if (one === "`") return templatePart(text, at + 1, templates);
  if (one === "/" && opensRegExp(text, at)) return { kind: "string", end: endOfRegExp(text, at) };
  return braceOrCode(text, at, templates);
}

function braceOrCode(text: string, at: number, templates: number[]): Piece {
  const depth = templates.at(-1);
  if (depth !== undefined && text[at] === "{") templates[templates.length - 1] = depth + 1;
  if (depth !== undefined && text[at] === "}") {
    if (depth === 0) {
      templates.pop();
      return templatePart(text, at + 1, templates);
    }
    templates[templates.length - 1] = depth - 1;
  }
  return { kind: "code", end: at + 1 };
}

function templatePart(text: string, from: number, templates: number[]): Piece {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "`") return { kind: "string", end: at + 1 };
    else if (text[at] === "$" && text[at + 1] === "{") {
      templates.push(0);
      return { kind: "string", end: at + 2 };
    }
  }
  return { kind: "string", end: text.length };
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote || text[at] === "\n") return at + 1;
  }
  return text.length;
}

// A slash divides after a value and opens a regular expression after anything else.
function opensRegExp(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 20), at).trimEnd();
  return before === "" || /(?:[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|of|in|await|yield))$/.test(before);
}

function endOfRegExp(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "[") inClass = true;
    else if (text[at] === "]") inClass = false;
    else if (text[at] === "\n" || (text[at] === "/" && !inClass)) return at + 1;
  }
  return text.length;
}
