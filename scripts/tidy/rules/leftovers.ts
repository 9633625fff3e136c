import type { Rule } from "../rule.ts";
import { linesOf } from "../source.ts";

const textName = /\.(?:ts|mts|mjs|js|json|md|ya?ml|sh|html|css)$|^\.ci\//;
// Concatenated so that the rule does not report this file.
const marks = new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`, "g");
const machinePaths = new RegExp(`(?<![\\w.~-])/(?:${["wo" + "rk", "ro" + "ot"].join("|")})/`, "g");

/** No unfinished work, and no paths of the machine on which a file was written. */
export const leftoversRule: Rule = {
  name: "leftovers",
  summary: "no marks of unfinished work, no paths of one machine",
  *check(tree) {
    for (const path of tree.paths.filter((name) => textName.test(name) && name !== "package-lock.json")) {
      const text = tree.text(path) ?? "";
      for (const { line, found } of linesOf(text, marks)) {
        yield { path, line, why: `${found}: do it, or open an issue` };
      }
      for (const { line, found } of linesOf(text, machinePaths)) {
        yield { path, line, why: `${found} exists on one machine only: use a relative path or a setting` };
      }
    }
  },
};
