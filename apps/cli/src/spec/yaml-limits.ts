import { levelsMax } from "@shoal/proto";
import { Lexer, Parser } from "yaml";

// Ten times the tokens of a spec with full environment, labels, meta and inputs. The composer compares every key of a map with every other
// key: this many take a tenth of a second.
const tokensMax = 50_000;
// The parser's stack holds the document and the current scalar, besides an item for each level.
const stackMax = levelsMax + 2;

/**
 * The reason to refuse a YAML text before it is composed, or undefined. The composer recurses for every level, and its time grows with the
 * square of the number of keys. The lexer and the parser do neither, so they check the text first.
 */
export function yamlProblem(text: string): string | undefined {
  const parser = new Parser();
  let tokens = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > tokensMax)
      return `expected at most ${tokensMax} YAML tokens, got more: this is no job spec, or one with data in it`;
    // The generator works between its yields: run it to its end.
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > stackMax) return `expected at most ${levelsMax} levels of nesting, got more`;
  }
  return undefined;
}

/** The reason to refuse a value that its aliases have multiplied; undefined up to `charsMax` characters. The count stops there. */
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
