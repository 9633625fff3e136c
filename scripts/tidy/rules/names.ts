import type { Rule } from "../rule.ts";

const banned = new Set(["utils", "util", "helpers", "helper", "common", "types", "manager", "service", "impl", "misc"]);

// Job types have the names that users write.
const named = new Set(["libs/core/src/job/job-types/service.ts"]);

/** No file or folder has a name without meaning. */
export const namesRule: Rule = {
  name: "names",
  summary: "files and folders are named after their contents",
  *check(tree) {
    for (const path of tree.paths) {
      if (named.has(path)) continue;
      const empty = path.split("/").find((part) => banned.has(part.replace(/\..*$/, "")));
      if (empty !== undefined) yield { path, line: 1, why: `"${empty}" has no meaning: name it after its contents` };
    }
  },
};
