import { appendFileSync, closeSync, openSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Fault, Logger } from "@shoal/core";
import { diskFault } from "../disk-fault.ts";
import { removeTree } from "./remove-tree.ts";
import type { OutputFile, Workspace } from "./workspace.ts";

/** Folders on the disk under `root`, which is created with the first of them. Only this node's user may read them. */
export function diskWorkspace(root: string, logger: Logger): Workspace {
  // Folders with an incomplete output file, with the reason.
  const broken = new Map<string, Fault>();
  return {
    folderOf: (executionId) => join(root, executionId),
    make: (folder) => onDisk(folder, () => mkdir(folder, { recursive: true, mode: 0o700 })),
    remake: (folder) =>
      onDisk(folder, async () => {
        await removeTree(folder);
        await mkdir(folder, { recursive: true, mode: 0o700 });
      }),
    begin: (path) =>
      beginFile(path, (fault) => {
        broken.set(dirname(path), fault);
        logger.warn({ path, why: fault.why }, "output could not be written");
      }),
    write: (path, text) =>
      onDisk(path, async () => {
        const fault = broken.get(dirname(path));
        if (fault !== undefined) throw fault;
        await writeFile(path, text);
      }),
    clear: async (executionId) => {
      const folder = join(root, executionId);
      for (const each of [...broken.keys()]) if (each.startsWith(`${folder}/`)) broken.delete(each);
      await onDisk(executionId, () => removeTree(folder));
    },
    list: () =>
      readdir(root).catch((failure: unknown) => {
        if (failure instanceof Error && "code" in failure && failure.code === "ENOENT") return [];
        throw diskFault(root, failure);
      }),
  };
}

async function onDisk(path: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (failure) {
    throw diskFault(path, failure);
  }
}

/** Written synchronously: a write into the page cache costs microseconds, and no queue can grow. */
function beginFile(path: string, onBroken: (fault: Fault) => void): OutputFile {
  let fd: number | undefined;
  let isBroken = false;
  const attempt = (act: () => void) => {
    try {
      if (!isBroken) act();
    } catch (failure) {
      isBroken = true;
      onBroken(diskFault(path, failure));
    }
  };
  attempt(() => {
    fd = openSync(path, "w", 0o600);
  });
  return {
    write: (chunk) => {
      const to = fd;
      if (to !== undefined) attempt(() => appendFileSync(to, chunk));
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
