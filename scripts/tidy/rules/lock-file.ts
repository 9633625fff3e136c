import { z } from "zod";
import { manifestsOf } from "../manifests.ts";
import type { Rule } from "../rule.ts";
import { linesOf } from "../source.ts";

const path = "package-lock.json";

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ link: z.boolean().default(false), integrity: z.string().optional(), resolved: z.string().optional() }),
  ),
});

/** The lock file has hashes and no addresses, for every platform. */
export const lockFileRule: Rule = {
  name: "lock-file",
  summary: "the lock file holds a hash for every package, every platform's runtime, and no registry's address",
  *check(tree) {
    const text = tree.text(path);
    if (text === undefined) return;
    for (const { line } of linesOf(text, /"resolved": "(?:https?|git)[^"]*"/g)) {
      yield {
        path,
        line,
        why: "names a registry: set omit-lockfile-registry-resolved=true in .npmrc and install again",
      };
    }
    const { packages } = Lock.parse(JSON.parse(text));
    for (const [place, entry] of Object.entries(packages)) {
      const foreign = place.includes("node_modules/") && !entry.link;
      if (foreign && entry.integrity === undefined)
        yield { path, line: 1, why: `${place} has no integrity hash: install it again` };
    }
    const root = manifestsOf(tree).find((manifest) => manifest.path === "package.json");
    for (const name of Object.keys(root?.atRunTime ?? {})) {
      if (!(`node_modules/${name}` in packages))
        yield { path, line: 1, why: `${name} is missing: npm install --package-lock-only` };
    }
  },
};
