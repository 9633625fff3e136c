import { z } from "zod";

const Door = z.object({ types: z.string(), default: z.string() });

const Manifest = z.looseObject({
  bin: z.record(z.string(), z.string()).optional(),
  publishConfig: z.object({ access: z.string(), exports: z.record(z.string(), Door) }),
});

/**
 * The package.json that is published from dist/: it exports the entry points of publishConfig, relative to dist/.
 * npm ignores the exports of publishConfig, and a package that runs from its source needs other ones.
 */
export function publishedManifest(text: string): string {
  const { publishConfig, scripts: _, devDependencies: __, ...rest } = Manifest.parse(JSON.parse(text));
  const doors = Object.entries(publishConfig.exports).map(([name, door]) => [
    name,
    { types: fromDist(door.types), default: fromDist(door.default) },
  ]);
  const manifest = { ...rest, exports: Object.fromEntries(doors), publishConfig: { access: publishConfig.access } };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function fromDist(path: string): string {
  if (!path.startsWith("./dist/"))
    throw new Error(`publishConfig.exports names ${path}: published files must be in ./dist/`);
  return path.replace("./dist/", "./");
}
