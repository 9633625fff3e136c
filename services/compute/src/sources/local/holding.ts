import { constants, lstat, mkdir, open } from "node:fs/promises";
import { posix } from "node:path";
import { Fault } from "@shoal/core";
import { descriptorPath, type HeldPath, holdPath } from "../../held-path.ts";

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;

/**
 * Holds open what a path leads to, or the last existing folder on the way, with the names that are missing below it.
 * Undefined when a link on the way leads nowhere: a file created at its end would be at an unchecked path.
 */
export async function holdNearest(
  path: string,
  isSteady: (realPath: string) => Promise<boolean>,
): Promise<{ readonly held: HeldPath; readonly missing: readonly string[] } | undefined> {
  const missing: string[] = [];
  for (let at = path; ; at = posix.dirname(at)) {
    const held = await holdPath(at, { isSteady });
    if (held !== undefined) return { held, missing };
    if (at === posix.dirname(at) || (await exists(at))) return undefined;
    missing.unshift(posix.basename(at));
  }
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Creates the missing names below a held folder, each in the one held before it and never through a link. Throws a
 * Fault INPUT_UNAVAILABLE when something else has appeared there.
 */
export async function makeInside(
  folder: HeldPath,
  names: readonly string[],
  as: "dir" | "file" | "noCreate",
): Promise<HeldPath> {
  let at = folder;
  for (const [index, name] of names.entries()) {
    const isFile = as === "file" && index === names.length - 1;
    const made = await makeOne(at, name, isFile).finally(() => (at === folder ? undefined : at.close()));
    if (made === undefined) throw new Fault("INPUT_UNAVAILABLE", `${name} was replaced while it was created`);
    at = made;
  }
  return at;
}

async function makeOne(folder: HeldPath, name: string, isFile: boolean): Promise<HeldPath | undefined> {
  const path = `${descriptorPath(folder.fd)}/${name}`;
  // Not truncated: a file that has appeared in the meantime keeps its content. O_NONBLOCK, because a pipe could make
  // the node wait.
  if (isFile) await (await open(path, O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0o644)).close();
  else await mkdir(path).catch(unlessThere);
  return holdPath(path, { flags: isFile ? O_NOFOLLOW : O_NOFOLLOW | O_DIRECTORY });
}

function unlessThere(failure: unknown): void {
  if (!(failure instanceof Error && "code" in failure && failure.code === "EEXIST")) throw failure;
}
