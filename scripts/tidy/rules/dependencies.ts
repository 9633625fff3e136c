import { type Manifest, manifestsOf } from "../manifests.ts";
import type { Finding, Rule, SourceTree } from "../rule.ts";
import { linesOf } from "../source.ts";
import { packageOf, workspaceOf } from "../workspaces.ts";

const page = "docs/dependencies.md";
const exact = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** Every dependency is pinned, explained and used, and docs/dependencies.md lists no others. biome checks that each is declared where it is imported. */
export const dependenciesRule: Rule = {
  name: "dependencies",
  summary: "every dependency is pinned exactly, has a row in docs/dependencies.md, which has no others, and is used",
  *check(tree) {
    const manifests = manifestsOf(tree);
    yield* unpinned(manifests);
    yield* unexplained(manifests, tree.text(page) ?? "");
    yield* outdated(manifests, tree.text(page) ?? "");
    yield* unused(tree, manifests);
  },
};

function* unpinned(manifests: readonly Manifest[]): Iterable<Finding> {
  for (const { path, all } of manifests) {
    for (const [name, version] of Object.entries(all)) {
      if (!exact.test(version)) yield { path, line: 1, why: `${name} is "${version}": pin one exact version` };
    }
  }
}

function* unexplained(manifests: readonly Manifest[], explained: string): Iterable<Finding> {
  for (const name of new Set(manifests.flatMap(({ all }) => Object.keys(all)))) {
    if (name.startsWith("@shoal/") || explained.includes(`\`${name}\``)) continue;
    yield { path: page, line: 1, why: `\`${name}\` has no row: add its purpose and the alternatives` };
  }
}

/** Rows of the page for packages that no package.json declares. */
function* outdated(manifests: readonly Manifest[], explained: string): Iterable<Finding> {
  const declared = new Set(manifests.flatMap(({ all }) => Object.keys(all)));
  for (const { line, found } of linesOf(explained, /(?<=^\| `)[^`]+(?=` \|)/gm)) {
    if (!declared.has(found)) yield { path: page, line, why: `\`${found}\` is declared nowhere: remove its row` };
  }
}

/** Packages that are run and not imported, and the command by which a script runs them. */
const programs: Readonly<Record<string, string>> = {
  "@biomejs/biome": "biome",
  turbo: "turbo",
  typescript: "tsc",
};

function* unused(tree: SourceTree, manifests: readonly Manifest[]): Iterable<Finding> {
  for (const { path, imported } of manifests) {
    const isRoot = path === "package.json";
    const sources = tree.sources.filter((source) => isRoot || manifestOf(source.path) === path);
    const used = new Set(sources.flatMap(({ imports }) => imports.map(({ from }) => packageOf(from))));
    const texts = [...manifests.map((one) => tree.text(one.path) ?? ""), ...sources.map(({ text }) => text)];
    const isRun = (name: string) => {
      const program = programs[name];
      return program !== undefined && texts.some((text) => new RegExp(`\\b${program} `).test(text));
    };
    for (const name of Object.keys(imported)) {
      // Types of a package are used where the package is used; those of Node everywhere.
      const typed = name.replace(/^@types\//, "");
      if (used.has(name) || isRun(name) || typed === "node" || (typed !== name && used.has(typed))) continue;
      const why = `${name} is declared and not used: remove it from ${path} and docs/dependencies.md`;
      yield { path, line: 1, why };
    }
  }
}

function manifestOf(path: string): string {
  const workspace = workspaceOf(path);
  return workspace === undefined ? "package.json" : `${workspace}/package.json`;
}
