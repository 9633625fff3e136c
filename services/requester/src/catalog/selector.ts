import { Fault } from "@shoal/core";
import type { Constraint } from "@shoal/proto";

// The most requirements of one selector, and values of one requirement: each is evaluated for every scanned job.
const [requirementsMax, valuesMax] = [64, 256];
// What is between commas, but not those in parentheses: in one pass, as a selector may have thousands of them.
const parts = /(?:[^,(]|\([^)]*\)?)+/g;
const key = "[A-Za-z0-9](?:[A-Za-z0-9_./-]*[A-Za-z0-9])?";
const value = "[A-Za-z0-9_.-]*";

const forms: readonly { readonly form: RegExp; readonly read: (match: RegExpExecArray) => Constraint }[] = [
  { form: new RegExp(`^!\\s*(${key})$`), read: ([, name = ""]) => ({ key: name, operator: "!", values: [] }) },
  { form: new RegExp(`^(${key})$`), read: ([, name = ""]) => ({ key: name, operator: "exists", values: [] }) },
  {
    form: new RegExp(`^(${key})\\s*(==|=|!=)\\s*(${value})$`),
    read: ([, name = "", operator = "=", value = ""]) => ({
      key: name,
      operator: operator === "!=" ? "!=" : "=",
      values: [value],
    }),
  },
  {
    form: new RegExp(`^(${key})\\s*([<>])\\s*(-?\\d+)$`),
    read: ([, name = "", operator, value = ""]) => ({
      key: name,
      operator: operator === ">" ? "gt" : "lt",
      values: [value],
    }),
  },
  {
    form: new RegExp(`^(${key})\\s+(in|notin)\\s*\\(([^()]*)\\)$`),
    read: ([, name = "", operator, list = ""]) => ({
      key: name,
      operator: operator === "in" ? "in" : "notin",
      values: list.split(",").map((each) => each.trim()),
    }),
  },
];

/**
 * Reads a label selector in the grammar of Kubernetes: `a=b,c!=d,e in (x,y),f notin (z),g,!h,i>5`. Labels meet it when they
 * meet every requirement. Throws Fault BAD_REQUEST.
 */
export function parseSelector(text: string): readonly Constraint[] {
  const given = (text.match(parts) ?? []).map((part) => part.trim()).filter((part) => part !== "");
  if (given.length > requirementsMax)
    throw new Fault("BAD_REQUEST", `a label selector has at most ${requirementsMax} requirements, got ${given.length}`);
  return given.map(requirement);
}

function requirement(part: string): Constraint {
  for (const { form, read } of forms) {
    const match = form.exec(part);
    if (match === null) continue;
    const constraint = read(match);
    const { length } = constraint.values;
    if (length <= valuesMax) return constraint;
    throw new Fault("BAD_REQUEST", `a label requirement has at most ${valuesMax} values, got ${length}`);
  }
  throw new Fault(
    "BAD_REQUEST",
    `"${part}" is not a label requirement: expected one such as key=value, key!=value, key in (a,b), key, !key`,
  );
}
