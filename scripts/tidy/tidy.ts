import type { Finding, Rule, SourceTree } from "./rule.ts";
import { notMetYet, rules } from "./rules/index.ts";

/** A finding and the rule that made it. */
export interface NamedFinding extends Finding {
  readonly rule: string;
}

const active = rules.filter((rule) => !notMetYet.includes(rule));

/** Everything in the tree that breaks a rule, rule by rule. */
export function tidy(tree: SourceTree, checked: readonly Rule[] = active): readonly NamedFinding[] {
  return checked.flatMap((rule) => [...rule.check(tree)].map((finding) => ({ ...finding, rule: rule.name })));
}

/** One line for a person, beginning with the place so that editors can jump there. */
export function lineOf({ path, line, rule, why }: NamedFinding): string {
  return `${path}:${line}  ${rule}: ${why}`;
}
