import { posix } from "node:path";
import { type Allowed, fixedPart } from "./allow-list.ts";
import { whereItLeads } from "./where-it-leads.ts";
import { isWithinWriters } from "./writers.ts";

/**
 * An allow list names folders as people know them; where they are links themselves, what they lead to is meant. Not where a task may
 * have been given a folder above such a link to write (`list` is the whole list): the link may be the task's work.
 */
export async function leadsToAllowed(
  lines: readonly Allowed[],
  { realPath, list }: { readonly realPath: string; readonly list: readonly Allowed[] },
): Promise<boolean> {
  for (const line of lines) {
    if (line.matches(realPath)) return true;
    const fixed = fixedPart(line.pattern);
    const real = await whereItLeads(fixed);
    if (real === undefined || real === fixed || (await isWithinWriters(list, fixed))) continue;
    // Outside of what the fixed part leads to, this names a path that the pattern cannot match.
    if (line.matches(posix.join(fixed, posix.relative(real, realPath)))) return true;
  }
  return false;
}
