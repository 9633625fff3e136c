import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { TarRefusal } from "./tar-refusal.ts";

// Deeper than any source tree; every level costs a walk of the tree a call, and 64 levels of long names reach the kernel's longest path.
const levelsMax = 64;
const folderMode = 0o755;

/** The folders of one archive. */
export interface Folders {
  /** Makes a folder below the root and those above it, and answers with its path. Refuses a way that is a link or a file, or too deep. */
  enter(folder: string): Promise<string>;
}

/** `made` is called before each folder that is made. What it throws, `enter` throws. */
export function foldersOf(root: string, made: () => void | Promise<void>): Folders {
  // Real folders, by their path below the root: an archive can put nothing in the place of what is there.
  const known = new Set([""]);

  async function enterOne(folder: string): Promise<void> {
    const there = await lstat(join(root, folder)).catch(whenAbsent);
    if (there === undefined) {
      await made();
      await mkdir(join(root, folder), { mode: folderMode });
    } else if (!there.isDirectory()) {
      const what = there.isSymbolicLink() ? "writes through its own link" : "puts something below the file";
      throw new TarRefusal("unusable", `${what} at "${folder}"`);
    }
    known.add(folder);
  }
  return {
    async enter(folder) {
      const steps = folder.split("/").filter((step) => step !== "" && step !== ".");
      if (steps.length > levelsMax) throw new TarRefusal("too large", `has folders in more than ${levelsMax} levels`);
      for (let depth = 1; depth <= steps.length; depth++) {
        const upTo = steps.slice(0, depth).join("/");
        if (!known.has(upTo)) await enterOne(upTo);
      }
      return join(root, ...steps);
    },
  };
}

function whenAbsent(failure: unknown): undefined {
  if (failure instanceof Error && "code" in failure && failure.code === "ENOENT") return undefined;
  throw failure;
}
