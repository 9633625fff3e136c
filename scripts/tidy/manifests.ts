import { z } from "zod";
import type { SourceTree } from "./rule.ts";

const names = z.record(z.string(), z.string()).default({});

/** The part of a package.json that the rules read. */
const Manifest = z.object({
  name: z.string(),
  version: z.string().default(""),
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
});

/** One package.json of the workspace. */
export interface Manifest {
  readonly path: string;
  readonly name: string;
  /** Empty when it has none. */
  readonly version: string;
  /** Name to version, dependencies of every kind. */
  readonly all: Readonly<Record<string, string>>;
  /** Name to version, without the optional ones, which are resolved by name at run time. */
  readonly imported: Readonly<Record<string, string>>;
  /** Those that are installed with the package. */
  readonly atRunTime: Readonly<Record<string, string>>;
}

/** Every package.json of the repository. */
export function manifestsOf(tree: SourceTree): readonly Manifest[] {
  return tree.paths
    .filter((path) => /(?:^|\/)package\.json$/.test(path))
    .map((path) => {
      const { name, version, dependencies, devDependencies, optionalDependencies } = Manifest.parse(
        JSON.parse(tree.text(path) ?? ""),
      );
      const atRunTime = { ...dependencies, ...optionalDependencies };
      const imported = { ...dependencies, ...devDependencies };
      return { path, name, version, all: { ...atRunTime, ...devDependencies }, imported, atRunTime };
    });
}
