import { lstat, realpath } from "node:fs/promises";
import { posix } from "node:path";

/**
 * The path with every link resolved; of one that does not exist, as far as it does. Undefined when there is a link on the way that leads
 * nowhere: making something at its end would make it where nobody has looked.
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
