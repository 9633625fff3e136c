import type { Rule } from "../rule.ts";
import { linesOf } from "../source.ts";

/**
 * No dead exports. Types are left out: the signature of an exported function may need one that no other file names.
 */
export const unusedRule: Rule = {
  name: "unused",
  summary: "another file uses each exported value",
  *check({ sources }) {
    const users = new Map<string, Set<string>>();
    // A file that is loaded by its path has its exports named in a string.
    for (const { path, names, strings } of sources) {
      for (const { text } of [...names, ...strings]) users.set(text, (users.get(text) ?? new Set()).add(path));
    }
    for (const { path, code } of sources) {
      for (const { line, found } of linesOf(
        code,
        /(?<=^export (?:const|class|function|async function|function\*) )\w+/gm,
      )) {
        const others = [...(users.get(found) ?? [])].filter((user) => user !== path);
        if (others.length === 0)
          yield { path, line, why: `no other file uses ${found}: do not export it, or delete it` };
      }
    }
  },
};
