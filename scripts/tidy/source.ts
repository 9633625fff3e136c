import { blank } from "./scan.ts";

/** One import, re-export or `import()` of a file. */
export interface Import {
  readonly from: string;
  readonly line: number;
  /** static: loaded with the file; type: erased; lazy: `import()`, loaded when the line runs. */
  readonly kind: "static" | "type" | "lazy";
}

/** A TypeScript or JavaScript file as the rules see it. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** The text without comments and strings. */
  readonly code: string;
  readonly imports: readonly Import[];
  /** Tests, contract suites and what only they use. */
  readonly isTest: boolean;
}

// Both forms need the keyword to be code, not text in a string: checked against the blanked text.
const staticImport = /\b(?:import|export)\s+(type\s+)?(?:[\w$*{}\s,]+?\s*from\s*)?(["'])([^"'\n]+)\2/g;
const lazyImport = /\bimport\(\s*(["'])([^"'\n]+)\1/g;

/** Reads a file's text the way the rules want it. */
export function sourceOf(path: string, text: string): Source {
  const { code, uncommented } = blank(text);
  const isCode = (index: number) => code[index]?.trim() !== "";
  const lineAt = (index: number) => text.slice(0, index).split("\n").length;
  const eager = [...uncommented.matchAll(staticImport)].map((found): Import & { index: number } => ({
    from: found[3] ?? "",
    line: lineAt(found.index),
    kind: found[1] === undefined ? "static" : "type",
    index: found.index,
  }));
  const lazy = [...uncommented.matchAll(lazyImport)].map((found): Import & { index: number } => ({
    from: found[2] ?? "",
    line: lineAt(found.index),
    kind: "lazy",
    index: found.index,
  }));
  const imports = [...eager, ...lazy].filter(({ index }) => isCode(index));
  return {
    path,
    text,
    code,
    imports: imports.map(({ from, line, kind }) => ({ from, line, kind })),
    isTest: isTest(path),
  };
}

/** Whether a file is there for tests only: a test, a contract suite, a testing bench, or anything under test/. */
export function isTest(path: string): boolean {
  return /\.test\.ts$|(^|\/|[.-])contract\.ts$|\/testing\/|^test\//.test(path);
}

/** The 1-based line of each place where a pattern stands in a text. */
export function linesOf(text: string, pattern: RegExp): readonly { readonly line: number; readonly found: string }[] {
  return [...text.matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length,
    found: match[0],
  }));
}
