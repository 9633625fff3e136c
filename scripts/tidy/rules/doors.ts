import type { Finding, Rule, SourceTree } from "../rule.ts";
import type { SourceFile } from "../source.ts";
import { resolveImport } from "../workspaces.ts";

const door = /(?:^|\/)mod\.ts$/;
const reExport = /export\s+(?:type\s+)?\{([^}]*)\}\s*from\s*"([^"]+)"/g;

/** Everything that a library exports is documented. */
export const doorsRule: Rule = {
  name: "doors",
  summary: "everything a mod.ts exports has a doc comment, and only a mod.ts exports from elsewhere",
  *check(tree) {
    for (const source of tree.sources) {
      if (door.test(source.path)) yield* undocumented(tree, source);
    }
  },
};

function* undocumented(tree: SourceTree, mod: SourceFile): Iterable<Finding> {
  for (const found of mod.text.matchAll(reExport)) {
    const path = resolveImport(mod.path, found[2] ?? "");
    const text = path === undefined ? undefined : tree.text(path);
    if (path === undefined || text === undefined || door.test(path)) continue;
    for (const name of namesIn(found[1] ?? "")) {
      const lines = declarationsOf(text, name);
      const first = lines[0];
      if (first === undefined || lines.some((line) => hasDoc(text, line))) continue;
      yield {
        path,
        line: first,
        why: `${name} is exported by ${mod.path} without a doc comment: document what it promises`,
      };
    }
  }
}

function namesIn(list: string): readonly string[] {
  return list
    .split(",")
    .map(
      (part) =>
        part
          .trim()
          .replace(/^type\s+/, "")
          .split(/\s+as\s+/)[0] ?? "",
    )
    .filter((name) => name !== "");
}

function declarationsOf(text: string, name: string): readonly number[] {
  const declared = new RegExp(
    `^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\\*?|class|interface|type) ${name.replace("$", "\\$")}\\b`,
  );
  return text.split("\n").flatMap((line, index) => (declared.test(line) ? [index + 1] : []));
}

// Consecutive one-line exports may share the comment above them, directives for other programs may follow it, and a type
// that is derived from a value shares the value's comment. An event documents itself: its description is on its page.
function hasDoc(text: string, line: number): boolean {
  const lines = text.split("\n");
  if (/^export type .*\btypeof\b/.test(lines[line - 1] ?? "")) return true;
  const statement = lines.slice(line - 1, lines.findIndex((one, index) => index >= line - 1 && one.endsWith(";")) + 1);
  if (/\bdefineEvent\([\s\S]*\.describe\(\s*"[A-Z]/.test(statement.join("\n"))) return true;
  const above = lines.slice(0, line - 1).findLast((one) => !/^\/\/ biome-ignore|^export (?:const|type) .*;$/.test(one));
  return above?.trimEnd().endsWith("*/") ?? false;
}
