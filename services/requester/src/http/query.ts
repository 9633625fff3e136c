import { z } from "zod";
import { apiLimits } from "./limits.ts";

// A key that is given several times means its last value, where only one is wanted.
const last = (given: unknown): unknown => {
  const one = Array.isArray(given) ? given.at(-1) : given;
  return one === "" ? undefined : one;
};
const all = (given: unknown): unknown => (given === undefined || Array.isArray(given) ? (given ?? []) : [given]);

/** A text; undefined when it is unset or empty. */
export const text = (chars = 1024) => z.preprocess(last, z.string().max(chars).optional());

const words = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

/** Yes or no as the field's clients spell it; unset means no. */
export const flag = () =>
  z.preprocess((given) => words.get(String(last(given) ?? "false")) ?? given, z.boolean("wanted true or false"));

/** How many items a page has: 0 and nothing mean the default, more than the most means the most. */
export const limit = (usual: number = apiLimits.pageItems) =>
  z.preprocess(
    last,
    z.coerce
      .number("wanted a number")
      .int("wanted a whole number")
      .min(0, "wanted 0 or more")
      .default(0)
      .transform((count) => (count === 0 ? usual : Math.min(count, apiLimits.pageItemsMax))),
  );

/** A whole number, 0 when unset. */
export const count = () =>
  z.preprocess(
    last,
    z.coerce.number("wanted a number").int("wanted a whole number").min(0, "wanted 0 or more").default(0),
  );

/** One of the given words, in any case; the first when unset. */
export const oneOf = <const W extends readonly [string, ...string[]]>(words: W) =>
  z.preprocess(
    (given) => {
      const word = last(given);
      return typeof word === "string" ? word.toLowerCase() : word;
    },
    z.enum(words, `wanted one of ${words.join(", ")}`).default(words[0]),
  );

/** Words split at commas, of one or several values. */
export const listed = () =>
  z.preprocess(
    all,
    z.array(z.string().max(4096)).transform((values) =>
      values
        .flatMap((value) => value.split(","))
        .map((word) => word.trim())
        .filter((word) => word !== ""),
    ),
  );

/** Several values, as they are, joined by commas: a label selector may come in pieces. */
export const joined = () =>
  z.preprocess(
    all,
    z.array(z.string().max(4096)).transform((values) => values.filter((value) => value !== "").join(",")),
  );
