import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@shoal/core";
import { systemCodeOf } from "../../disk-fault.ts";

// Deeper than any source tree; every level costs whoever walks the tree a call, and 64 levels of long names reach the kernel's longest path.
export const depthMax = 64;
const folderMode = 0o755;

/** The folders of one archive. */
export interface Folders {
  /** Makes a folder below the root and those above it, and answers with its path. Refuses a way that is a link or a file, or too deep. */
  enter(folder: string): Promise<string>;
}

/** `made` is called before each folder that is made. What it throws, `enter` throws. */
export function foldersOf(root: string, made: () => void): Folders {
  // Real folders, by their path below the root: an archive can put nothing in the place of what is there.
  const known = new Set([""]);

  async function makeOne(folder: string): Promise<void> {
    made();
    try {
      await mkdir(join(root, folder), { mode: folderMode });
    } catch (failure) {
      if (systemCodeOf(failure) !== "EEXIST") throw failure;
      const there = await lstat(join(root, folder));
      const what = there.isSymbolicLink() ? "writes through its own link" : "puts something below the file";
      throw new Fault("INPUT_UNAVAILABLE", `the archive ${what} at "${folder}"`);
    }
    known.add(folder);
  }
  return {
    async enter(folder) {
      const steps = folder.split("/").filter((step) => step !== "" && step !== ".");
      if (steps.length > depthMax) {
        throw new Fault("TOO_LARGE", `the archive has folders in more than ${depthMax} levels`);
      }
      for (let depth = 1; depth <= steps.length; depth++) {
        const upTo = steps.slice(0, depth).join("/");
        if (!known.has(upTo)) await makeOne(upTo);
      }
      return join(root, ...steps);
    },
  };
}
