import { lstat } from "node:fs/promises";
import { posix } from "node:path";
import { type Allowed, fixedPart } from "./allow-list.ts";
import { whereItLeads } from "./where-it-leads.ts";

// The bits of a mode that let a group or everybody write, and the one that leaves names in a folder to their owners.
const sharedWriting = 0o022;
const sticky = 0o1000;

/** Every folder above a path, beginning with the root. */
function above(path: string): readonly string[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((_, index) => `/${names.slice(0, index).join("/")}`);
}

/** Whether a task may have been given a folder above this path to write: then it can put anything at the path. */
export async function isWithinWriters(list: readonly Allowed[], path: string): Promise<boolean> {
  const folders = above(path);
  for (const line of list.filter(({ mayWrite }) => mayWrite)) {
    if (folders.some((folder) => line.matches(folder))) return true;
    const fixed = fixedPart(line.pattern);
    const real = await whereItLeads(fixed);
    if (real === undefined || real === fixed) continue;
    if (folders.some((folder) => line.matches(posix.join(fixed, posix.relative(real, folder))))) return true;
  }
  return false;
}

/**
 * Whether nobody but root and this node's user can change what a real path leads to: every folder above it is theirs, and no task may
 * have been given one of them to write. Such a path may be handed on by its name.
 */
export async function isSteady(list: readonly Allowed[], realPath: string): Promise<boolean> {
  if (await isWithinWriters(list, realPath)) return false;
  const trusted = [0, process.geteuid?.() ?? 0];
  let shared = false;
  for (const step of [...above(realPath), realPath]) {
    const { uid, mode } = await lstat(step);
    const isLast = step === realPath;
    // What a path ends in may be anybody's: it is what was asked for. In a sticky folder it must not, as its owner may rename it.
    if (!trusted.includes(uid) && (!isLast || shared)) return false;
    if (isLast) return true;
    shared = (mode & sharedWriting) !== 0;
    if (shared && (mode & sticky) === 0) return false;
  }
  return true;
}
