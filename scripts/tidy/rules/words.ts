import type { Finding, Rule, SourceTree } from "../rule.ts";
import type { Piece } from "../syntax.ts";

const page = "docs/nomenclature.md";
// Generated from strings that are checked in their sources.
const generated = /^docs\/reference\//;

/** One row of the table: a banned word, and its replacement. */
interface Ban {
  readonly pattern: RegExp;
  readonly write: string;
  readonly where: string;
  /** Folders and files in which the word has its ordinary meaning. */
  readonly exceptIn: readonly string[];
}

/** Names and prose use the words of docs/nomenclature.md. */
export const wordsRule: Rule = {
  name: "words",
  summary: "names, strings, comments and pages use none of the words that docs/nomenclature.md replaces",
  *check(tree) {
    const bans = bansOf(tree.text(page) ?? "");
    if (bans.length === 0) yield { path: page, line: 1, why: "has no table of words that are not used" };
    for (const path of tree.paths) yield* pathFindings(path, bansAt(bans, path));
    for (const { path, names, strings, comments } of tree.sources) {
      const own = bansAt(bans, path);
      yield* nameFindings(path, names, own);
      yield* proseFindings(path, [...strings, ...comments], own);
    }
    for (const path of tree.paths) yield* pageFindings(tree, path, bans);
  },
};

/** The rows below the head `| not | write | where |`. */
function bansOf(text: string): readonly Ban[] {
  const rows = text.split("| not | write | where |")[1]?.split("\n").slice(2) ?? [];
  const end = rows.findIndex((row) => !row.startsWith("|"));
  return rows.slice(0, end === -1 ? undefined : end).flatMap((row) => {
    const [, not = "", write = "", place = ""] = row.split("|").map((cell) => cell.trim());
    const [where = "", places = ""] = place.split(", not in ");
    const exceptIn = places.split(" or ").filter((each) => each !== "");
    const words = not.split(/,\s*/).join("|");
    const pattern = where === "whole names" ? new RegExp(`^(?:${words})$`, "i") : new RegExp(`\\b(?:${words})\\b`, "i");
    return [{ pattern, write, where, exceptIn }];
  });
}

const bansAt = (bans: readonly Ban[], path: string) =>
  bans.filter(({ exceptIn }) => !exceptIn.some((place) => path === place || path.startsWith(`${place}/`)));

const isOfNames = ({ where }: Ban) => where !== "prose";
const isOfProse = ({ where }: Ban) => where === "everywhere" || where === "prose";

/** `tellEvent`, `tell-event` and `TELL_EVENT` as "tell event". */
const wordsOf = (name: string) =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .replaceAll(/[_$-]/g, " ")
    .toLowerCase();

function* pathFindings(path: string, bans: readonly Ban[]): Iterable<Finding> {
  // Folders of pages are named after their sort of text (docs/notes).
  const parts = path.split("/").slice(path.endsWith(".md") ? -1 : 0);
  const words = parts.map((part) => wordsOf(part.replace(/\..*$/, "")));
  for (const { pattern, write } of bans.filter(isOfNames)) {
    const word = words.find((one) => pattern.test(one));
    if (word !== undefined) yield { path, line: 1, why: `the path has "${word}": write ${write}` };
  }
}

// Functions of WASI preview 1 have the names of its specification.
const isForeign = (name: string) => name.startsWith("fd_");

function* nameFindings(path: string, names: readonly Piece[], bans: readonly Ban[]): Iterable<Finding> {
  const ofNames = bans.filter(isOfNames);
  // Each name once, where it is first.
  for (const { text, line } of new Map(names.toReversed().map((piece) => [piece.text, piece])).values()) {
    if (isForeign(text)) continue;
    const words = wordsOf(text);
    for (const { write } of ofNames.filter(({ pattern }) => pattern.test(words))) {
      yield { path, line, why: `${text}: write ${write}` };
    }
  }
}

function* proseFindings(path: string, pieces: readonly Piece[], bans: readonly Ban[]): Iterable<Finding> {
  const ofProse = bans.filter(isOfProse);
  for (const piece of pieces) {
    for (const [index, text] of piece.text.split("\n").entries()) {
      for (const { pattern, write } of ofProse) {
        const [word] = pattern.exec(text) ?? [];
        if (word !== undefined) yield { path, line: piece.line + index, why: `"${word}" in prose: write ${write}` };
      }
    }
  }
}

function* pageFindings(tree: SourceTree, path: string, bans: readonly Ban[]): Iterable<Finding> {
  if (!path.endsWith(".md") || path === page || generated.test(path)) return;
  yield* proseFindings(path, [{ text: tree.text(path) ?? "", line: 1 }], bans);
}
