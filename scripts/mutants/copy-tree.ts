import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, realpath, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The scope of the workspaces: their links must lead into the copy. */
const ownScope = "@shoal";
// 64 MiB: the names of all files, of which a checkout has some thousand.
const listBytesMax = 2 ** 26;

/**
 * Copies the tree as git lists it, with uncommitted changes, into a new temporary folder. Installed packages are links
 * to those of the tree. The caller removes the folder; the tree itself is only read.
 */
export async function copyTree(root: string): Promise<string> {
  const copy = await realpath(await mkdtemp(join(tmpdir(), "shoal-mutants-")));
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z"];
  const listed = execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: listBytesMax });
  for (const path of listed.split("\0").filter((one) => one !== "")) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    // git still lists a file that was deleted without a commit.
    await cp(join(root, path), join(copy, path)).catch(unlessMissing);
  }
  await linkPackages(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(join(to, ownScope), { recursive: true });
  for (const name of await readdir(from)) {
    // Each run writes its own caches.
    if (name !== ownScope && (!name.startsWith(".") || name === ".bin"))
      await symlink(join(from, name), join(to, name));
  }
  for (const name of await readdir(join(from, ownScope)))
    await cp(join(from, ownScope, name), join(to, ownScope, name), { verbatimSymlinks: true });
}

function unlessMissing(failure: unknown): void {
  if (!(failure instanceof Error && "code" in failure && failure.code === "ENOENT")) throw failure;
}
