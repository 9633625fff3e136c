import { lstat, realpath } from "node:fs/promises";
import { posix } from "node:path";

/**
 * The path with every link resolved; for a missing path, as far as it exists. Undefined when a link on the way leads
 * nowhere: a file created at its end would be at an unchecked path.
 */
export async function whereItLeads(path: string): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  const parent = posix.dirname(path);
  if (parent === path || (await exists(path))) return undefined;
  const above = await whereItLeads(parent);
  return above === undefined ? undefined : posix.join(above, posix.basename(path));
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
