/** Limits of an object from outside, checked before its values are read. */
export const wireLimits = {
  /** Fields of an object with a schema: the largest has some thirty, the rest is room for later versions' fields. */
  fieldsMax: 256,
  /** Entries of any map. Env, Labels and Meta of a spec have `specLimits.entries` at most; Params and what servers add may have more. */
  entriesMax: 1024,
  /** Characters of a key that a message shows. */
  shownKeyChars: 100,
} as const;

/** The keys of an object by their lower-case spelling, or why it is refused. */
export type FoldedKeys =
  | { readonly ok: true; readonly keys: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly problem: string };

/** Folds the case of an object's keys; refuses two spellings of one key and too many keys. Reads no value. */
export function foldKeys(object: object): FoldedKeys {
  const names = Object.keys(object);
  const { fieldsMax } = wireLimits;
  if (names.length > fieldsMax)
    return { ok: false, problem: `expected at most ${fieldsMax} fields in an object, got ${names.length}` };
  const keys = new Map<string, string>();
  for (const name of names) {
    const folded = name.toLowerCase();
    const other = keys.get(folded);
    if (other !== undefined) return { ok: false, problem: twice(other, name) };
    keys.set(folded, name);
  }
  return { ok: true, keys };
}

/** Why a field that is given in two spellings is refused. */
export const twice = (one: string, other: string): string =>
  `expected each field once (names are case-insensitive), got "${shownKey(one)}" and "${shownKey(other)}"`;

/** Why a map is refused; undefined when it is valid. Its keys keep their case, so that two spellings are two entries. */
export function mapProblem(names: readonly string[]): string | undefined {
  const { entriesMax } = wireLimits;
  return names.length <= entriesMax
    ? undefined
    : `expected at most ${entriesMax} entries in a map, got ${names.length}`;
}

/** A key for a message: a long one is cut. */
export const shownKey = (key: string): string =>
  key.length <= wireLimits.shownKeyChars ? key : `${key.slice(0, wireLimits.shownKeyChars)}…`;
