import type { Constraint } from "@shoal/proto";

/** A key with this prefix is a preference and not a condition; the rest of it is the label. */
const preferencePrefix = "favour_";

/** A preference ranks nodes and excludes none. */
export const isPreference = ({ key }: Constraint): boolean => key.startsWith(preferencePrefix);

type NodeLabels = Readonly<Record<string, string>>;
type Test = (found: string | undefined, values: readonly string[]) => boolean;

const compare =
  (test: (found: number, expected: number) => boolean): Test =>
  (found, [expected]) =>
    found !== undefined && /^-?\d+$/.test(found) && test(Number(found), Number(expected));

/** When a label meets each operator; a missing label is undefined. */
const tests: Readonly<Record<Constraint["operator"], Test>> = {
  in: (found, values) => found !== undefined && values.includes(found),
  notin: (found, values) => found === undefined || !values.includes(found),
  "=": (found, [value]) => found === value,
  "==": (found, [value]) => found === value,
  "!=": (found, [value]) => found !== value,
  exists: (found) => found !== undefined,
  "!": (found) => found === undefined,
  gt: compare((found, expected) => found > expected),
  lt: compare((found, expected) => found < expected),
};

/** Whether labels meet one constraint, preference or condition. */
export function meets(labels: NodeLabels, constraint: Constraint): boolean {
  const { key } = constraint;
  return selects(
    labels,
    key.startsWith(preferencePrefix) ? { ...constraint, key: key.slice(preferencePrefix.length) } : constraint,
  );
}

/** Whether labels meet one requirement of a label selector, where a key has no prefix with a meaning. */
export function selects(labels: NodeLabels, { key, operator, values }: Constraint): boolean {
  return tests[operator](Object.hasOwn(labels, key) ? labels[key] : undefined, values);
}

/** The first condition that the labels do not meet, as a sentence; undefined when they meet all. */
export function unmetBy(labels: NodeLabels, constraints: readonly Constraint[]): string | undefined {
  const unmet = constraints.find((each) => !each.key.startsWith(preferencePrefix) && !meets(labels, each));
  if (unmet === undefined) return undefined;
  const found = Object.hasOwn(labels, unmet.key) ? `"${labels[unmet.key]}"` : "no such label";
  return `wants ${unmet.key} ${unmet.operator} ${unmet.values.join(",")}`.trimEnd().concat(`, found ${found}`);
}

/** How many preferences the labels meet. */
export function preferencesMet(labels: NodeLabels, constraints: readonly Constraint[]): number {
  return constraints.filter((each) => each.key.startsWith(preferencePrefix) && meets(labels, each)).length;
}
