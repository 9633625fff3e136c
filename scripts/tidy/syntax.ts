import { type Program, parseSync, type Span, Visitor } from "oxc-parser";

/** One import, re-export or `import()` of a file. */
export interface SourceImport {
  readonly from: string;
  readonly line: number;
  /** static: loaded with the file; type: erased; lazy: `import()`, loaded when the line runs. */
  readonly kind: "static" | "type" | "lazy";
}

/** A piece of a file: an identifier, a type's name, or the text of a string or comment. */
export interface Piece {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
}

/** The part of a file's syntax that the rules read. */
export interface Syntax {
  /** The text with every comment, string and regular expression blanked; lines and columns are preserved. */
  readonly code: string;
  readonly imports: readonly SourceImport[];
  /** Each use of an identifier. */
  readonly names: readonly Piece[];
  /** Interfaces, type aliases, classes and enums that are declared at the top level of the file. */
  readonly typeNames: readonly (Piece & { readonly isExported: boolean })[];
  /** Strings and the fixed parts of templates. */
  readonly strings: readonly Piece[];
  readonly comments: readonly Piece[];
}

interface Found extends Span {
  readonly text: string;
}

/** Parses a TypeScript or JavaScript file. A file with a syntax error has the part that the parser could read. */
export function syntaxOf(path: string, text: string): Syntax {
  const { program, comments } = parseSync(path, text);
  const { names, strings, patterns, lazy, typed } = collect(program);
  const lineAt = lineFinder(text);
  const pieces = (found: readonly Found[]) =>
    found.map(({ text: own, start }): Piece => ({ text: own, line: lineAt(start) }));
  const imports = [
    ...eagerImports(program),
    ...lazy.map((one) => ({ ...one, kind: "lazy" as const })),
    ...typed.map((one) => ({ ...one, kind: "type" as const })),
  ];
  return {
    code: blank(text, [...comments, ...strings, ...patterns]),
    imports: imports.map(({ text: from, start, kind }): SourceImport => ({ from, line: lineAt(start), kind })),
    names: pieces(names),
    typeNames: declaredTypes(program).map(({ text: own, start, isExported }) => ({
      text: own,
      line: lineAt(start),
      isExported,
    })),
    strings: pieces(strings),
    comments: pieces(comments.map((one) => ({ ...one, text: one.value }))),
  };
}

function collect(program: Program) {
  const names: Found[] = [];
  const strings: Found[] = [];
  const patterns: Span[] = [];
  const lazy: Found[] = [];
  const typed: Found[] = [];
  const visitor = new Visitor({
    Identifier: ({ name, start, end }) => void names.push({ text: name, start, end }),
    PrivateIdentifier: ({ name, start, end }) => void names.push({ text: name, start, end }),
    Literal({ value, start, end, ...literal }) {
      if (typeof value === "string") strings.push({ text: value, start, end });
      else if ("regex" in literal) patterns.push({ start, end });
    },
    TemplateElement: ({ value, start, end }) => void strings.push({ text: value.cooked ?? "", start, end }),
    ImportExpression({ source, start, end }) {
      if (source.type === "Literal") lazy.push({ text: String(source.value), start, end });
    },
    TSImportType: ({ source, start, end }) => void typed.push({ text: source.value, start, end }),
  });
  visitor.visit(program);
  return { names, strings, patterns, lazy, typed };
}

function eagerImports({ body }: Program): readonly (Found & { readonly kind: "static" | "type" })[] {
  return body.flatMap((statement) => {
    const { type, start, end } = statement;
    if (type === "ImportDeclaration") {
      const kind = statement.importKind === "type" ? "type" : "static";
      return [{ text: statement.source.value, start, end, kind }];
    }
    if (type !== "ExportNamedDeclaration" && type !== "ExportAllDeclaration") return [];
    if (statement.source === null) return [];
    const kind = statement.exportKind === "type" ? "type" : "static";
    return [{ text: statement.source.value, start, end, kind }];
  });
}

const typeDeclarations = new Set([
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
  "ClassDeclaration",
  "TSEnumDeclaration",
]);

function declaredTypes({ body }: Program): readonly (Found & { readonly isExported: boolean })[] {
  return body.flatMap((statement) => {
    const isExported = statement.type === "ExportNamedDeclaration";
    const declared = isExported ? statement.declaration : statement;
    if (declared === null || !typeDeclarations.has(declared.type)) return [];
    if (!("id" in declared) || declared.id?.type !== "Identifier") return [];
    const { name, start, end } = declared.id;
    return [{ text: name, start, end, isExported }];
  });
}

function blank(text: string, hidden: readonly Span[]): string {
  let at = 0;
  let code = "";
  for (const { start, end } of hidden.toSorted((a, b) => a.start - b.start)) {
    code += text.slice(at, start) + text.slice(start, end).replaceAll(/[^\n]/g, " ");
    at = end;
  }
  return code + text.slice(at);
}

function lineFinder(text: string): (index: number) => number {
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  return (index) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? index) < index) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}
