import { levelsMax } from "@shoal/proto";
import { Lexer, Parser } from "yaml";

// Ten times what a spec takes whose environment, labels, meta and inputs are all full. The reader compares every key of a map with every other
// one: this many take it a tenth of a second.
const tokensMax = 50_000;
// On its stack the parser has the document and the scalar that it is at, beside an item for each level.
const stackMax = levelsMax + 2;

/**
 * What makes a YAML text dangerous to read, or undefined. The reader itself calls itself for every level and takes time with the square of the
 * number of keys; the lexer and the parser beneath it do neither, so that they may look first.
 */
export function yamlProblem(text: string): string | undefined {
  const parser = new Parser();
  let tokens = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > tokensMax)
      return `expected at most ${tokensMax} YAML tokens, got more: this is no job spec, or one with data in it`;
    // Run to its end: it does its work between what it yields.
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > stackMax) return `expected at most ${levelsMax} levels of nesting, got more`;
  }
  return undefined;
}

/** What aliases have multiplied a value to; undefined while it has no more characters than `charsMax`. Itself it stops there. */
export function sizeProblem(value: unknown, charsMax: number): string | undefined {
  const waiting: unknown[] = [value];
  let chars = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (typeof at === "string") chars += at.length;
    else if (typeof at === "object" && at !== null) {
      const inner = Object.entries(at);
      for (const [key, each] of inner) {
        chars += key.length + 1;
        if (each !== undefined) waiting.push(each);
      }
    }
    chars += 1;
    if (chars > charsMax) return `expected at most ${charsMax} characters once its aliases are written out, got more`;
  }
  return undefined;
}
