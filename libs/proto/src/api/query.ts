import { z } from "zod";
import { wireMeta } from "../wire/meta.ts";

/** Limits of a query. */
export const queryLimits = {
  /** Items of a page by default. */
  pageItems: 100,
  pageItemsMax: 1000,
  /** A text such as a name or an id, in characters: the longest name has 256. */
  textChars: 1024,
  /** A value that holds a list, in characters: some hundred labels. */
  listChars: 4096,
} as const;

// Of a key that is given several times the last value counts, where only one is expected.
const last = (given: unknown): unknown => {
  const one = Array.isArray(given) ? given.at(-1) : given;
  return one === "" ? undefined : one;
};
const all = (given: unknown): unknown => (given === undefined || Array.isArray(given) ? (given ?? []) : [given]);

/** A text; undefined when it is unset or empty. */
export const text = (chars: number = queryLimits.textChars) =>
  z.preprocess((given: string | number | undefined) => last(given), z.string().max(chars).optional());

const words = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

/** A boolean as Bacalhau's clients spell it; unset means false. */
export const flag = () =>
  z.preprocess(
    (given: boolean | undefined) => words.get(String(last(given) ?? "false")) ?? given,
    z.boolean("expected true or false"),
  );

const wholeNumber = () =>
  z.coerce.number("expected a number").int("expected a whole number").min(0, "expected 0 or more").default(0);

/** How many items a page has: 0 or unset means the default; more than the limit means the limit. */
export const limit = (fallback: number = queryLimits.pageItems) =>
  z.preprocess(
    (given: number | undefined) => last(given),
    wholeNumber().transform((count) => (count === 0 ? fallback : Math.min(count, queryLimits.pageItemsMax))),
  );

/** A whole number, 0 when unset. */
export const count = () => z.preprocess((given: number | undefined) => last(given), wholeNumber());

/** One of the given words, case-insensitive; the first when unset. A client may send a word of a later release. */
export const oneOf = <const W extends readonly [string, ...string[]]>(words: W) =>
  z.preprocess(
    (given: W[number] | (string & {}) | undefined) => {
      const word = last(given);
      return typeof word === "string" ? word.toLowerCase() : word;
    },
    z.enum(words, `expected one of ${words.join(", ")}`).default(words[0]),
  );

/** Words split at commas, of one or several values. */
export const listed = () =>
  z.preprocess(
    (given: string | undefined) => all(given),
    z.array(z.string().max(queryLimits.listChars)).transform((values) =>
      values
        .flatMap((value) => value.split(","))
        .map((word) => word.trim())
        .filter((word) => word !== ""),
    ),
  );

/** Several values, unchanged, joined by commas: a label selector may come in pieces. */
export const joined = () =>
  z.preprocess(
    (given: string | undefined) => all(given),
    z
      .array(z.string().max(queryLimits.listChars))
      .transform((values) => values.filter((value) => value !== "").join(",")),
  );

/** The query of every list that has pages. */
export const paging = {
  limit: limit().describe(`items per page: ${queryLimits.pageItems} when unset, at most ${queryLimits.pageItemsMax}`),
  nextToken: text().describe("the NextToken of the previous page; it also sets the order and the limit"),
  reverse: flag().describe("reverses the order"),
} as const;

/** Selects the namespace of a job. */
export const inNamespace = {
  namespace: text().describe("the namespace of the job; `default` when unset"),
} as const;

/** Selects the namespace of a secret. */
export const secretNamespace = {
  namespace: text().describe("the namespace of the secret; `default` when unset"),
} as const;

const namesOf = new WeakMap<z.ZodObject, readonly (readonly [field: string, name: string])[]>();

/** The fields of a query and their names on the wire: in snake case, unless the field declares a name. */
export function queryNames(query: z.ZodObject): readonly (readonly [field: string, name: string])[] {
  const stored = namesOf.get(query);
  if (stored !== undefined) return stored;
  const made = Object.entries(query.shape).map(([field, schema]) => {
    const snake = field.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
    return [field, wireMeta.get(schema)?.name ?? snake] as const;
  });
  namesOf.set(query, made);
  return made;
}

/** A parsed query, or the problems in it. */
export type ReadQuery<Q extends z.ZodObject> =
  | { readonly ok: true; readonly value: z.output<Q> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads a query string that has been split into its keys. Never throws. */
export function readQuery<Q extends z.ZodObject>(query: Q, given: Readonly<Record<string, unknown>>): ReadQuery<Q> {
  const fields = queryNames(query);
  const parsed = query.safeParse(Object.fromEntries(fields.map(([field, name]) => [field, given[name]])));
  if (parsed.success) return { ok: true, value: parsed.data };
  const nameOf = new Map<PropertyKey, string>(fields);
  return {
    ok: false,
    problems: parsed.error.issues.map(({ path: [field = ""], message }) => `query ${nameOf.get(field)}: ${message}`),
  };
}

/** The query string of a route for a client's input, in that order; leaves out undefined values and keys that are no field of the query. */
export function writeQuery(query: z.ZodObject, given: Readonly<Record<string, unknown>>): string {
  const names = new Map<string, string>(queryNames(query));
  const pairs = Object.entries(given).flatMap(([field, value]): [string, string][] => {
    const name = names.get(field);
    return name === undefined || value === undefined ? [] : [[name, String(value)]];
  });
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}
