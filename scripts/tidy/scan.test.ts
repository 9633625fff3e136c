import { describe, expect, it } from "vitest";
import { blank } from "./scan.ts";

const rows: readonly (readonly [name: string, text: string, code: string])[] = [
  ["a line comment", "a // b\nc", "a     \nc"],
  ["a block comment", "a /* b\nc */ d", "a     \n     d"],
  ["a string", `a("b")`, "a(   )"],
  ["an escaped quote", String.raw`a('\'b')`, "a(     )"],
  ["a template with code inside", "a(`b${c}d`)", "a(    c   )"],
  ["braces inside a template's code", "`${{ a: `${b}` }}` c", "   { a:    b   }   c"],
  ["a regular expression with a quote", "a(/[/'\"]/) b", "a(       ) b"],
  ["a division", "a / b; c / d", "a / b; c / d"],
  ["a comment mark in a string", `a("//b") c`, "a(     ) c"],
];

describe("blanking keeps code and its places", () => {
  it.each(rows)("%s", (_, text, code) => {
    expect(blank(text).code).toBe(code);
  });

  it("keeps strings where only comments go", () => {
    expect(blank(`a("b") // c`).uncommented).toBe(`a("b")     `);
  });
});
