import { assert, Fault } from "./fault.ts";

/** A closed list of interchangeable parts, known by name. */
export interface Registry<T> {
  readonly kind: string;
  readonly names: readonly string[];
  readonly parts: readonly T[];
  /** The part of this name, case-insensitive; throws a Fault that lists the known ones when there is none. */
  get(name: string): T;
  has(name: string): boolean;
}

/** Creates a registry of parts; a duplicate name is a bug. */
export function registry<T extends { readonly name: string }>(kind: string, parts: readonly T[]): Registry<T> {
  const byName = new Map(parts.map((part) => [part.name.toLowerCase(), part]));
  assert(byName.size === parts.length, `two ${kind}s share a name`);
  const names = [...byName.keys()];
  return {
    kind,
    names,
    parts,
    get(name) {
      const part = byName.get(name.toLowerCase());
      if (part === undefined) throw new Fault("UNKNOWN_PART", `no ${kind} "${name}", only ${names.join(", ")}`);
      return part;
    },
    has: (name) => byName.has(name.toLowerCase()),
  };
}
