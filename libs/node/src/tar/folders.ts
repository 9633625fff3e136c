import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { TarRefusal } from "./tar-refusal.ts";

// Deeper than any source tree. Every level costs one call per walk, and 64 levels of long names reach the kernel's path limit.
const levelsMax = 64;
const folderMode = 0o755;

/** The folders of one archive. */
export interface Folders {
  /** Creates a folder below the root and its parents, and returns its path. Refuses a path over a link or a file, or too deep. */
  enter(folder: string): Promise<string>;
}

/** Calls `made` before it creates a folder. `enter` rejects with what `made` throws. */
export function foldersOf(root: string, made: () => void | Promise<void>): Folders {
  // Real folders by their path below the root: an archive cannot replace an existing file or folder.
  const known = new Set([""]);

  async function enterOne(folder: string): Promise<void> {
    const there = await lstat(join(root, folder)).catch(whenAbsent);
    if (there === undefined) {
      await made();
      await mkdir(join(root, folder), { mode: folderMode });
    } else if (!there.isDirectory()) {
      const what = there.isSymbolicLink() ? "writes through its own link" : "has an entry below the file";
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
