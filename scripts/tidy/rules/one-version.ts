import { type Manifest, manifestsOf } from "../manifests.ts";
import type { Finding, Rule } from "../rule.ts";

const constant = "libs/proto/src/version.ts";

/** All packages have one version, and the code knows it. */
export const oneVersionRule: Rule = {
  name: "one-version",
  summary:
    "all packages have the version that libs/proto/src/version.ts says, and depend on each other at that version",
  *check(tree) {
    const version = /shoalVersion = "([^"]+)"/.exec(tree.text(constant) ?? "")?.[1];
    if (version === undefined)
      yield { path: constant, line: 1, why: "says no shoalVersion: give it the packages' version" };
    else for (const manifest of manifestsOf(tree)) yield* othersIn(manifest, version);
  },
};

function* othersIn({ path, version, all }: Manifest, expected: string): Iterable<Finding> {
  if (version !== expected) yield { path, line: 1, why: `has version ${version}, but ${constant} says ${expected}` };
  for (const [name, other] of Object.entries(all)) {
    if (name.startsWith("@shoal/") && other !== expected)
      yield { path, line: 1, why: `wants ${name} at ${other}, but ${constant} says ${expected}` };
  }
}
