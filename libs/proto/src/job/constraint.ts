import { z } from "zod";
import { short, specLimits } from "./texts.ts";

const operators = ["in", "notin", "=", "==", "!=", "exists", "!", "gt", "lt"] as const;
// How many values each operator takes, as [least, most].
const valuesOf: Readonly<Record<(typeof operators)[number], readonly [number, number]>> = {
  in: [1, specLimits.entries],
  notin: [1, specLimits.entries],
  "=": [1, 1],
  "==": [1, 1],
  "!=": [1, 1],
  gt: [1, 1],
  lt: [1, 1],
  exists: [0, 0],
  "!": [0, 0],
};

/** A condition on a node's labels; a key that begins with `favour_` is a preference only. */
export const Constraint = z
  .object({
    key: short
      .min(1, "a constraint needs a key")
      .describe("the label; one that begins with `favour_` is a preference only"),
    operator: z
      .enum(operators, `expected one of ${operators.join(" ")}`)
      .describe("how the label is compared; `gt` and `lt` compare whole numbers"),
    values: z
      .array(short)
      .max(specLimits.entries)
      .default([])
      .describe("at least one for `in` and `notin`, none for `exists` and `!`, one for the others"),
  })
  .superRefine(({ operator, values }, issues) => {
    const [least, most] = valuesOf[operator];
    if (values.length < least || values.length > most) {
      const expected = least === most ? `${least}` : `at least ${least}`;
      issues.addIssue({
        code: "custom",
        path: ["values"],
        message: `operator ${operator} takes ${expected} values, got ${values.length}`,
      });
    }
    if ((operator === "gt" || operator === "lt") && !/^-?\d+$/.test(values[0] ?? "")) {
      issues.addIssue({
        code: "custom",
        path: ["values"],
        message: `operator ${operator} compares with a whole number`,
      });
    }
  });
export type Constraint = z.infer<typeof Constraint>;
