import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceTree } from "./rule.ts";
import { sourceOf } from "./source.ts";

// Installed, built or generated files are not checked.
const skipped = new Set(["node_modules", "dist", ".git", ".turbo", ".shoal", "coverage"]);
const sourceName = /\.(?:ts|mts|mjs|js)$/;

/** Reads the repository in `root`. */
export function readTree(root: string): SourceTree {
  const paths = walk(root, "");
  return treeOf(paths, (path) => readFileSync(join(root, path), "utf8"));
}

/** A tree that exists only in memory: path to text. */
export function memoryTree(files: Readonly<Record<string, string>>): SourceTree {
  return treeOf(Object.keys(files), (path) => files[path] ?? "");
}

function treeOf(paths: readonly string[], read: (path: string) => string): SourceTree {
  const known = new Set(paths);
  const text = (path: string) => (known.has(path) ? read(path) : undefined);
  const sources = paths.filter((path) => sourceName.test(path)).map((path) => sourceOf(path, read(path)));
  return { paths, text, sources };
}

function walk(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((entry) => {
      if (skipped.has(entry.name)) return [];
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return walk(root, path);
      return entry.isFile() ? [path] : [];
    });
}
