import type { Finding, Tree } from "./rule.ts";
import { rules } from "./rules/index.ts";

/** A finding and the rule that made it. */
export interface NamedFinding extends Finding {
  readonly rule: string;
}

/** Everything in the tree that is not as the house wants it, rule by rule. */
export function tidy(tree: Tree): readonly NamedFinding[] {
  return rules.flatMap((rule) => [...rule.check(tree)].map((finding) => ({ ...finding, rule: rule.name })));
}

/** One line for a person, beginning with the place so that editors can jump there. */
export function lineOf({ path, line, rule, why }: NamedFinding): string {
  return `${path}:${line}  ${rule}: ${why}`;
}
