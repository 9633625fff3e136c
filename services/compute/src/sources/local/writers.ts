import { lstat } from "node:fs/promises";
import { posix } from "node:path";
import { type Allowed, fixedPart } from "./allow-list.ts";
import { whereItLeads } from "./where-it-leads.ts";

// The mode bits that let a group or all users write, and the sticky bit, which reserves the names in a folder for their
// owners.
const sharedWriting = 0o022;
const sticky = 0o1000;

/** Every folder above a path, beginning with the root. */
function above(path: string): readonly string[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((_, index) => `/${names.slice(0, index).join("/")}`);
}

/** Whether a task may have write access to a folder above this path: then it can replace what is at the path. */
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
 * Whether only root and this node's user can change what a real path leads to: every folder above it belongs to them,
 * and no task may have write access to one of them. Such a path may be passed on by its name.
 */
export async function isSteady(list: readonly Allowed[], realPath: string): Promise<boolean> {
  if (await isWithinWriters(list, realPath)) return false;
  const trusted = [0, process.geteuid?.() ?? 0];
  let shared = false;
  for (const step of [...above(realPath), realPath]) {
    const { uid, mode } = await lstat(step);
    const isLast = step === realPath;
    // The last element may belong to any user, because it is the requested file. In a sticky folder it may not, because
    // its owner can rename it.
    if (!trusted.includes(uid) && (!isLast || shared)) return false;
    if (isLast) return true;
    shared = (mode & sharedWriting) !== 0;
    if (shared && (mode & sticky) === 0) return false;
  }
  return true;
}
