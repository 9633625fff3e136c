import { lstat, realpath } from "node:fs/promises";
import { posix } from "node:path";
import { type Allowed, fixedPart } from "./allow-list.ts";

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

/** An allow list names folders as people know them; where they are links themselves, what they lead to is meant. */
export async function leadsToAllowed(list: readonly Allowed[], realPath: string): Promise<boolean> {
  for (const line of list) {
    if (line.matches(realPath)) return true;
    const fixed = fixedPart(line.pattern);
    const real = await whereItLeads(fixed);
    // Outside of what the fixed part leads to, this names a path that the pattern cannot match.
    if (real !== undefined && line.matches(posix.join(fixed, posix.relative(real, realPath)))) return true;
  }
  return false;
}
