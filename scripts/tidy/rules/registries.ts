import type { Finding, Rule, SourceTree } from "../rule.ts";
import type { SourceFile } from "../source.ts";
import { resolveImport } from "../workspaces.ts";

/** Every folder of interchangeable parts lists all its parts, and no part imports another. */
export const registriesRule: Rule = {
  name: "registries",
  summary:
    "a folder with a contract.ts has an index.ts; an index.ts names every part beside it; parts with a contract do not import each other",
  *check(tree) {
    const withContract = foldersWith(tree, "contract.ts");
    for (const folder of new Set([...withContract, ...foldersWith(tree, "index.ts")])) yield* unlisted(tree, folder);
    for (const folder of withContract) yield* siblings(tree, folder);
  },
};

function foldersWith(tree: SourceTree, name: string): readonly string[] {
  return tree.paths.filter((path) => path.endsWith(`/${name}`)).map((path) => path.slice(0, -`/${name}`.length));
}

function* unlisted(tree: SourceTree, folder: string): Iterable<Finding> {
  const index = tree.sources.find(({ path }) => path === `${folder}/index.ts`);
  if (index === undefined) {
    yield {
      path: `${folder}/contract.ts`,
      line: 1,
      why: "this folder has a contract but no index.ts that lists its parts",
    };
    return;
  }
  const own = inside(tree, folder).filter(({ path, isTest }) => !isTest && path !== index.path);
  // A part is a file or a folder. Its folder may have any files, programs that it starts by their path included.
  for (const [name, files] of Map.groupBy(own, ({ path }) => partName(folder, path))) {
    const users = tree.sources.filter(({ path, isTest }) => !isTest && partName(folder, path) !== name);
    const reached = new Set(users.flatMap(targetsOf));
    const path = files[0]?.path ?? folder;
    if (files.some((file) => reached.has(file.path))) continue;
    yield { path, line: 1, why: `no file imports this part: add it to ${index.path}` };
  }
}

function* siblings(tree: SourceTree, folder: string): Iterable<Finding> {
  const parts = partsOf(tree, folder);
  for (const source of inside(tree, folder)) {
    if (source.isTest || source.path === `${folder}/index.ts`) continue;
    for (const one of source.imports) {
      const target = resolveImport(source.path, one.from);
      if (target === undefined || !parts.has(target)) continue;
      // The files of one part are in one folder and may import each other.
      if (partName(folder, target) === partName(folder, source.path)) continue;
      yield {
        path: source.path,
        line: one.line,
        why: `imports the sibling part ${one.from}: pass what parts share as arguments`,
      };
    }
  }
}

// Modules that the list imports and the contract does not: the contract imports only the interface.
function partsOf(tree: SourceTree, folder: string): ReadonlySet<string> {
  const at = (name: string) => tree.sources.find(({ path }) => path === `${folder}/${name}`);
  const [index, contract] = [at("index.ts"), at("contract.ts")];
  const listed = index === undefined ? [] : targetsOf(index).filter((path) => path.startsWith(`${folder}/`));
  const socket = contract === undefined ? [] : targetsOf(contract);
  return new Set(listed.filter((path) => !socket.includes(path)));
}

function inside(tree: SourceTree, folder: string): readonly SourceFile[] {
  return tree.sources.filter(({ path }) => path.startsWith(`${folder}/`));
}

function targetsOf(source: SourceFile): readonly string[] {
  return source.imports.flatMap(({ from }) => resolveImport(source.path, from) ?? []);
}

// The entry of the registry's folder that contains the path; empty for paths elsewhere.
function partName(folder: string, path: string): string {
  if (!path.startsWith(`${folder}/`)) return "";
  return (
    path
      .slice(folder.length + 1)
      .split("/")[0]
      ?.replace(/\.ts$/, "") ?? ""
  );
}
