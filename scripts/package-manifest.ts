import { z } from "zod";

const EntryPoint = z.object({ types: z.string(), default: z.string() });
const versions = z.record(z.string(), z.string()).default({});

const Manifest = z.looseObject({
  publishConfig: z.object({ access: z.string(), exports: z.record(z.string(), EntryPoint).optional() }),
});

const Dependencies = z.object({ dependencies: versions, optionalDependencies: versions });

/**
 * The package.json that is published from dist/: it exports the entry points of publishConfig, relative to dist/.
 * npm ignores the exports of publishConfig, and a package that runs from its source needs other ones.
 */
export function publishedManifest(text: string): string {
  const { publishConfig, scripts: _, devDependencies: __, ...rest } = Manifest.parse(JSON.parse(text));
  const { access, exports: entryPoints = {} } = publishConfig;
  const exports = Object.entries(entryPoints).map(([name, point]) => [
    name,
    { types: fromDist(point.types), default: fromDist(point.default) },
  ]);
  const manifest = {
    ...rest,
    ...(exports.length === 0 ? {} : { exports: Object.fromEntries(exports) }),
    publishConfig: { access },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * The package.json of a bundle that contains the workspaces it depends on: in place of them it depends on what they need from others.
 * `manifestOf` returns the package.json of a workspace.
 */
export function bundledManifest(text: string, manifestOf: (name: string) => string): string {
  const all: Record<"dependencies" | "optionalDependencies", Record<string, string>> = {
    dependencies: {},
    optionalDependencies: {},
  };
  const seen = new Set<string>();
  const add = (manifest: string): void => {
    const { dependencies, optionalDependencies } = Dependencies.parse(JSON.parse(manifest));
    Object.assign(all.optionalDependencies, optionalDependencies);
    for (const [name, version] of Object.entries(dependencies)) {
      if (!name.startsWith("@shoal/")) all.dependencies[name] = version;
      else if (!seen.has(name)) {
        seen.add(name);
        add(manifestOf(name));
      }
    }
  };
  add(text);
  return publishedManifest(JSON.stringify({ ...JSON.parse(text), ...all }));
}

function fromDist(path: string): string {
  if (!path.startsWith("./dist/"))
    throw new Error(`publishConfig.exports names ${path}: published files must be in ./dist/`);
  return path.replace("./dist/", "./");
}
