/** The variables of a template. */
export type TemplateVars = ReadonlyMap<string, string>;

/** The value of an expression, or why there is none. */
export type ExpressionValue =
  | { readonly ok: true; readonly value: string | boolean }
  | { readonly ok: false; readonly why: string };

type Value = string | boolean;

// A string of Go, a variable, or the name of a function.
const token = /\s*("(?:\\.|[^"\\\n])*"|`[^`]*`|\.[A-Za-z_]\w*|\.(?=\s|$)|[A-Za-z_]\w*)(?=\s|$)/y;

interface FunctionRow {
  readonly least: number;
  readonly most: number;
  readonly of: (values: readonly Value[]) => Value;
}

const holds = (value: Value | undefined): boolean => value !== undefined && value !== "" && value !== false;

// As Go's: `and` and `or` return one of their values, `eq` compares the first with each of the others.
const functions: Readonly<Record<string, FunctionRow>> = {
  eq: { least: 2, most: 99, of: ([first, ...others]) => others.includes(first ?? "") },
  ne: { least: 2, most: 2, of: ([first, second]) => first !== second },
  not: { least: 1, most: 1, of: ([value]) => !holds(value) },
  and: { least: 1, most: 99, of: (values) => values.find((value) => !holds(value)) ?? values.at(-1) ?? "" },
  or: { least: 1, most: 99, of: (values) => values.find(holds) ?? values.at(-1) ?? "" },
};

/** The value of an expression of a template. Without variables only its form is checked. */
export function expressionValue(text: string, vars: TemplateVars | undefined): ExpressionValue {
  const words = wordsOf(text);
  if (words === undefined) return no(`expected a variable, a string or a function, got "${text.trim()}"; ${supported}`);
  const [first = "", ...others] = words;
  // {{index . "a-name"}}: a variable whose name is not a word.
  if (first === "index" && others[0] === "." && others.length === 2) return variable(unquoted(others[1] ?? ""), vars);
  if (first === "") return no("expected a variable, a string or a function, got nothing");
  const row = Object.hasOwn(functions, first) ? functions[first] : undefined;
  if (row === undefined)
    return others.length === 0 || /^[a-z_]/i.test(first) ? operand(first, vars) : no(`${first} takes no arguments`);
  if (others.length < row.least || others.length > row.most)
    return no(
      `${first}: expected ${row.least === row.most ? row.least : `at least ${row.least}`} arguments, got ${others.length}`,
    );
  const values: Value[] = [];
  for (const word of others) {
    const read = operand(word, vars);
    if (!read.ok) return read;
    values.push(read.value);
  }
  return { ok: true, value: row.of(values) };
}

const supported = `only .name, strings, if, else, end, index . "name" and ${Object.keys(functions).join(", ")} are supported`;

const no = (why: string): ExpressionValue => ({ ok: false, why });

function wordsOf(text: string): readonly string[] | undefined {
  const words: string[] = [];
  token.lastIndex = 0;
  const end = text.trimEnd().length;
  while (token.lastIndex < end) {
    const [, word] = token.exec(text) ?? [];
    if (word === undefined) return undefined;
    words.push(word);
  }
  return words;
}

function operand(word: string, vars: TemplateVars | undefined): ExpressionValue {
  if (word === "true" || word === "false") return { ok: true, value: word === "true" };
  if (/^["`]/.test(word)) return { ok: true, value: unquoted(word) };
  return word.startsWith(".") && word !== "."
    ? variable(word.slice(1), vars)
    : no(`unknown function "${word}"; ${supported}`);
}

/** A name without a value is an error, as with Bacalhau: a typing error must not become an empty text. */
function variable(name: string, vars: TemplateVars | undefined): ExpressionValue {
  if (vars === undefined) return { ok: true, value: "" };
  const value = vars.get(name);
  return value === undefined ? no(`the variable "${name}" is not set`) : { ok: true, value };
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

const unquoted = (word: string): string => {
  const inner = word.slice(1, -1);
  return word.startsWith("`") ? inner : inner.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
};
