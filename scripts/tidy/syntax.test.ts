import { describe, expect, it } from "vitest";
import { syntaxOf } from "./syntax.ts";

const blanked: readonly (readonly [name: string, text: string, code: string])[] = [
  ["a line comment", "a // b\nc", "a     \nc"],
  ["a block comment", "a /* b\nc */ d", "a     \n     d"],
  ["a string", `a("b")`, "a(   )"],
  ["an escaped quote", String.raw`a('\'b')`, "a(     )"],
  ["a template with code inside", "a(`b${c}d`)", "a(    c   )"],
  ["braces inside a template's code", "`${{ a: `${b}` }}`; c", "   { a:    b   }  ; c"],
  ["a regular expression with a quote", "a(/[/'\"]/)\nb", "a(       )\nb"],
  ["a division", "a / b; c / d", "a / b; c / d"],
  ["a comment mark in a string", `a("//b"); c`, "a(     ); c"],
];

describe("blanking preserves the code and its positions", () => {
  it.each(blanked)("%s", (_, text, code) => expect(syntaxOf("a.ts", text).code).toBe(code));
});

const imported: readonly (readonly [text: string, kind: "static" | "type" | "lazy" | undefined])[] = [
  [`import a from "x";`, "static"],
  [`import "x";`, "static"],
  // verbatimModuleSyntax preserves this statement, so that the file is loaded.
  [`import { type A } from "x";`, "static"],
  [`export { a } from "x";`, "static"],
  [`export * from "x";`, "static"],
  [`import type { A } from "x";`, "type"],
  [`export type { A } from "x";`, "type"],
  [`let a: import("x").A;`, "type"],
  [`const a = await import("x");`, "lazy"],
  [`const a = 'import "x"'; // import "x"`, undefined],
];

describe("imports", () => {
  it.each(imported)("%s", (text, kind) => {
    const expected = kind === undefined ? [] : [{ from: "x", line: 2, kind }];
    expect(syntaxOf("a.ts", `\n${text}`).imports).toEqual(expected);
  });
});

it("types are those that the file declares at its top level", () => {
  const text = `
export interface A {}
type B = string;
export class C<T> { method() { type Inner = T; } }
import { D } from "d";
export { E } from "e";
`;
  expect(syntaxOf("a.ts", text).typeNames).toEqual([
    { text: "A", line: 2, isExported: true },
    { text: "B", line: 3, isExported: false },
    { text: "C", line: 4, isExported: true },
  ]);
});

it("names, strings and comments have their lines", () => {
  const text = "// one\nconst two = `three\n${four}five`;\nclass A { #six = 'seven'; }";
  const { names, strings, comments } = syntaxOf("a.ts", text);
  const flat = (pieces: readonly { text: string; line: number }[]) =>
    pieces.map(({ text: own, line }) => `${line} ${own}`);
  expect(flat(comments)).toEqual(["1  one"]);
  expect(flat(names)).toEqual(["2 two", "3 four", "4 A", "4 six"]);
  expect(flat(strings)).toEqual(["2 three\n", "3 five", "4 seven"]);
});
