import type { Finding, Rule, SourceTree } from "./rule.ts";
import { notMetYet, rules } from "./rules/index.ts";

/** A finding and its rule. */
export interface NamedFinding extends Finding {
  readonly rule: string;
}

const active = rules.filter((rule) => !notMetYet.includes(rule));

/** All findings in the tree, rule by rule. */
export function tidy(tree: SourceTree, checked: readonly Rule[] = active): readonly NamedFinding[] {
  return checked.flatMap((rule) => [...rule.check(tree)].map((finding) => ({ ...finding, rule: rule.name })));
}

/** One line for a person. It begins with the position, so that editors can open it. */
export function lineOf({ path, line, rule, why }: NamedFinding): string {
  return `${path}:${line}  ${rule}: ${why}`;
}
