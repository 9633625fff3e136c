// Plain JavaScript for Node 20: the bootstrap uses it too.
import { existsSync, readFileSync, statSync } from "node:fs";

const checkout = new URL("../../../", import.meta.url);
/** The bundles of a checkout, and the record of the last one. `npm ci` removes them, as it replaces what they import. */
export const bundlesFolder = new URL("node_modules/.cache/shoal/", checkout);
export const bundleRecord = new URL("program.json", bundlesFolder);

/**
 * The module that runs `shoal`, as a URL. A published package has one, which was built. A checkout runs its bundle while no file has
 * changed since, else its source, which takes twice the time to load.
 */
export function findProgram() {
  const published = new URL("../main.mjs", import.meta.url);
  if (existsSync(published)) return published;
  return currentBundle() ?? new URL("apps/cli/src/main.ts", checkout);
}

/** The first module of the checkout's bundle; undefined when there is none, or when a file that it was built from has changed. */
export function currentBundle() {
  try {
    const { main, inputs } = JSON.parse(readFileSync(bundleRecord, "utf8"));
    const url = new URL(main, bundlesFolder);
    return existsSync(url) && stampsOf(Object.keys(inputs)).every(([path, stamp]) => inputs[path] === stamp)
      ? url
      : undefined;
  } catch {
    return undefined; // Nothing was built yet, or a file is gone.
  }
}

/** What identifies the content of each file of the checkout: its size and the time of its last change. Throws when one is missing. */
export function stampsOf(paths) {
  return paths.map((path) => {
    const { size, mtimeMs } = statSync(new URL(path, checkout));
    return [path, `${size} ${mtimeMs}`];
  });
}
