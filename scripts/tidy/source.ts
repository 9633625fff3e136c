import { type Syntax, syntaxOf } from "./syntax.ts";

/** A TypeScript or JavaScript file as the rules see it. */
export interface SourceFile extends Syntax {
  readonly path: string;
  readonly text: string;
  /** A test, a contract suite, or a file that only they use. */
  readonly isTest: boolean;
}

/** Reads a file's text the way the rules need it. */
export function sourceOf(path: string, text: string): SourceFile {
  return { path, text, ...syntaxOf(path, text), isTest: isTest(path) };
}

/** Whether a file is for tests only: a test, a contract suite, a test harness, or a file under test/. */
export function isTest(path: string): boolean {
  return /\.test\.ts$|(^|\/|[.-])contract\.ts$|\/testing\/|^test\//.test(path);
}

/** The 1-based line of each match of a pattern in a text. */
export function linesOf(text: string, pattern: RegExp): readonly { readonly line: number; readonly found: string }[] {
  return [...text.matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length,
    found: match[0],
  }));
}
