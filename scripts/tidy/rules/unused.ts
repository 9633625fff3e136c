import type { Rule } from "../rule.ts";
import { linesOf, type SourceFile } from "../source.ts";

/**
 * No dead exports. Types are left out: the signature of an exported function may need one that no other file names.
 */
export const unusedRule: Rule = {
  name: "unused",
  summary: "another file uses each exported value, and another workspace each value of a library's entry",
  *check({ sources }) {
    const users = usersOf(sources);
    for (const { path, code } of sources) {
      for (const { line, found } of linesOf(
        code,
        /(?<=^export (?:const|class|function|async function|function\*) )\w+/gm,
      )) {
        const others = [...(users.get(found) ?? [])].filter((user) => user !== path);
        if (others.length === 0)
          yield { path, line, why: `no other file uses ${found}: do not export it, or delete it` };
      }
      yield* unusedEntries({ path, code }, users);
    }
  },
};

type Users = ReadonlyMap<string, ReadonlySet<string>>;

/** The files that name each word. A file that is loaded by its path has its exports named in a string. */
function usersOf(sources: readonly SourceFile[]): Users {
  const users = new Map<string, Set<string>>();
  for (const { path, names, strings } of sources) {
    for (const { text } of [...names, ...strings]) users.set(text, (users.get(text) ?? new Set()).add(path));
  }
  return users;
}

// The client and the sandbox are also for programs outside this repository.
const entries = /^(libs\/(?:core|nats|node|proto)|services\/\w+)\/src\/(?:\w+\/)?mod\.ts$/;

/** The values of a library's entry that no other workspace names. */
function* unusedEntries({ path, code }: Pick<SourceFile, "path" | "code">, users: Users) {
  const workspace = entries.exec(path)?.[1];
  if (workspace === undefined) return;
  const lists = /(?<=^export \{)[^}]*(?=\})/gm;
  for (const { line, found: list } of linesOf(code, lists)) {
    for (const { line: within, found } of linesOf(list, /(?<!type )\b(?!type\b)\w+(?=\s*(?:,|$))/g)) {
      const others = [...(users.get(found) ?? [])].filter((user) => !user.startsWith(`${workspace}/`));
      if (others.length > 0) continue;
      yield { path, line: line + within - 1, why: `no other workspace uses ${found}: remove it from the entry` };
    }
  }
}
