import { describe, expect, it } from "vitest";
import { mutantsOf } from "./mutators.ts";
import { areaLine, tallyOf } from "./tally.ts";

/** The text after each change. */
function changed(text: string): readonly string[] {
  return mutantsOf("a.ts", text).map(
    ({ start, end, replacement }) => text.slice(0, start) + replacement + text.slice(end),
  );
}

describe("a mutant", () => {
  it.each([
    ["a condition is negated", "if (ready) go;", ["if (!(ready)) go;"]],
    ["a choice is negated", "x = (a ? b : c);", [";", "x = (!(a) ? b : c);"]],
    ["a limit moves", "y = a < b", [";", "y = a <= b"]],
    ["an equality is inverted", "const y = a === b;", ["const y = a !== b;"]],
    ["and becomes or", "const y = a && b;", ["const y = a || b;"]],
    ["a not is dropped", "const y = !a;", ["const y = a;"]],
    ["a count is reversed", "for (;;i++) {}", ["for (;;i--) {}"]],
    ["a call is dropped", "void send(a);", [";"]],
    ["an awaited call is dropped", "await send(a);", [";"]],
    [
      "an early return is dropped",
      "() => { if (a) { return b; } }",
      ["() => { if (!(a)) { return b; } }", "() => { if (a) { ; } }"],
    ],
    ["a constant is increased by one", "const limitMax = 1_000;", ["const limitMax = 1001;"]],
    ["a string becomes empty", 'const kind = "job";', ['const kind = "";']],
    ["a list becomes empty", "const y = [a];", ["const y = [];"]],
    ["true becomes false", "const isOpen = true;", ["const isOpen = false;"]],
  ])("%s", (_, text, expected) => {
    expect(changed(text)).toEqual(expected);
  });

  it.each([
    ["types", 'type State = "open" | 7; let y: "a" | undefined;'],
    ["imports", 'import { a } from "./a.ts"; export { b } from "./b.ts"; export * from "./c.ts";'],
    ["the path of a lazy import", 'const y = import("./a.ts");'],
    ["sentences", 'const why = "the log does not answer";'],
    ["log lines", "ports.logger.warn(facts, why);"],
    ["a call of the super constructor", "class A extends B { constructor() { super(); } }"],
    ["an empty list", "const y = [];"],
  ])("leaves %s alone", (_, text) => {
    expect(changed(text)).toEqual([]);
  });

  it("names its line and its change on one line", () => {
    const [mutant] = mutantsOf("a.ts", "const a = b;\n\nif (\n  a\n  && b\n) go();\n");
    expect(mutant).toMatchObject({ line: 4, change: "a && b → !(a && b)" });
  });
});

describe("a tally", () => {
  const tried = (outcome: "killed" | "survived" | "timeout") =>
    ({ path: "a.ts", mutant: { line: 7, change: "a → b" }, outcome }) as const;

  it("counts detected mutants, timeouts included, and lists the survivors", () => {
    const tally = tallyOf("core", [tried("killed"), tried("killed"), tried("timeout"), tried("survived")]);
    expect(tally).toMatchObject({ percent: 75, survivors: ["a.ts:7 a → b"] });
    expect(areaLine(tally)).toBe("core: 2 killed, 1 timed out, 1 survived: 75 %");
  });

  it("is 100 percent without mutants", () => {
    expect(tallyOf("core", []).percent).toBe(100);
  });
});
