import { Constraint } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPreference, meets, preferencesMet, unmetBy } from "./constraints.ts";

type Labels = Readonly<Record<string, string>>;

// Few texts, so that labels and values often agree.
const value = fc.constantFrom("a", "b", "", "7", "-7", "8", "07", "7.5", "1e1", "٧");
const key = fc.constantFrom("zone", "size", "toString", "__proto__");
const labels: fc.Arbitrary<Labels> = fc.dictionary(fc.constantFrom("zone", "size", "other"), value);
const integer = fc.integer({ min: -9, max: 9 }).map(String);

/** Kubernetes' rules, by operator: `undefined` is a label that the node does not have. */
const rules: Readonly<
  Record<Constraint["operator"], (label: string | undefined, values: readonly string[]) => boolean>
> = {
  in: (label, values) => values.some((each) => each === label),
  notin: (label, values) => values.every((each) => each !== label),
  "=": (label, values) => label === values[0],
  "==": (label, values) => label === values[0],
  "!=": (label, values) => label !== values[0],
  exists: (label) => label !== undefined,
  "!": (label) => label === undefined,
  gt: (label, values) => isInteger(label) && BigInt(label) > BigInt(values[0] ?? 0),
  lt: (label, values) => isInteger(label) && BigInt(label) < BigInt(values[0] ?? 0),
};

function isInteger(text: string | undefined): text is string {
  const digits = text?.startsWith("-") === true ? text.slice(1) : (text ?? "");
  return digits !== "" && [...digits].every((each) => each >= "0" && each <= "9");
}

const operator = fc.constantFrom(...(Object.keys(rules) as Constraint["operator"][]));
const constraint: fc.Arbitrary<Constraint> = fc.tuple(key, operator, fc.boolean()).chain(([name, how, isSoft]) => {
  const values: fc.Arbitrary<string[]> =
    how === "in" || how === "notin"
      ? fc.array(value, { minLength: 1, maxLength: 3 })
      : how === "exists" || how === "!"
        ? fc.constant([])
        : how === "gt" || how === "lt"
          ? fc.tuple(integer)
          : fc.tuple(value);
  return values.map((given) => ({ key: isSoft ? `favour_${name}` : name, operator: how, values: given }));
});

const expected = (node: Labels, { key: name, operator: how, values }: Constraint): boolean => {
  const label = name.replace(/^favour_/, "");
  return rules[how](Object.entries(node).find(([each]) => each === label)?.[1], values);
};

describe("a constraint, with any operator, labels and values", () => {
  it("is one that a spec may have", () => {
    fc.assert(fc.property(constraint, (each) => Constraint.safeParse(each).success));
  });
  it("is met as Kubernetes' selectors are", () => {
    fc.assert(
      fc.property(labels, constraint, (node, each) => {
        expect(meets(node, each)).toBe(expected(node, each));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the constraints of a job", () => {
  it("exclude a node by the first condition that it does not meet, never by a preference", () => {
    fc.assert(
      fc.property(labels, fc.array(constraint), (node, all) => {
        const unmet = all.find((each) => !isPreference(each) && !expected(node, each));
        const why = unmetBy(node, all);
        if (unmet === undefined) expect(why).toBeUndefined();
        else expect(why).toContain(`${unmet.key} ${unmet.operator}`);
      }),
    );
  });
  it("count the preferences that a node meets", () => {
    fc.assert(
      fc.property(labels, fc.array(constraint), (node, all) => {
        const met = all.filter((each) => each.key.startsWith("favour_") && expected(node, each));
        expect(preferencesMet(node, all)).toBe(met.length);
      }),
    );
  });
});
