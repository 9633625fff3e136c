import { type Manifest, manifestsOf } from "../manifests.ts";
import type { Finding, Rule } from "../rule.ts";

const constant = "libs/proto/src/version.ts";

/** All packages have the version of the code's constant. */
export const oneVersionRule: Rule = {
  name: "one-version",
  summary: "all packages have the version in libs/proto/src/version.ts, and depend on each other at that version",
  *check(tree) {
    const version = /shoalVersion = "([^"]+)"/.exec(tree.text(constant) ?? "")?.[1];
    if (version === undefined)
      yield { path: constant, line: 1, why: "has no shoalVersion: set it to the packages' version" };
    else for (const manifest of manifestsOf(tree)) yield* othersIn(manifest, version);
  },
};

function* othersIn({ path, version, all }: Manifest, expected: string): Iterable<Finding> {
  if (version !== expected) yield { path, line: 1, why: `has version ${version}, but ${constant} has ${expected}` };
  for (const [name, other] of Object.entries(all)) {
    if (name.startsWith("@shoal/") && other !== expected)
      yield { path, line: 1, why: `depends on ${name} ${other}, but ${constant} has ${expected}` };
  }
}
