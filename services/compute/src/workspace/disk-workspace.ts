import { appendFileSync, closeSync, openSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { causeOf, Fault } from "@shoal/core";
import type { Notes } from "../notes.ts";
import type { OutputFile, Workspace } from "./workspace.ts";

/** Folders on the disk under `root`, which is made when the first of them is. Only this node's user may look into them. */
export function diskWorkspace(root: string, notes: Notes): Workspace {
  return {
    folderOf: (executionId) => join(root, executionId),
    make: (folder) => onDisk(folder, () => mkdir(folder, { recursive: true, mode: 0o700 })),
    begin: (path) => beginFile(path, notes),
    write: (path, text) => onDisk(path, () => writeFile(path, text)),
    clear: (executionId) =>
      // Containers may have left folders without permissions; a second look repairs races with a program that still ends.
      onDisk(executionId, () => rm(join(root, executionId), { recursive: true, force: true, maxRetries: 2 })),
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

function diskFault(path: string, failure: unknown): Fault {
  return new Fault("DATA_DIR_FAILED", `${path}: ${causeOf(failure).why}`, { cause: failure });
}

/** Written synchronously: into the page cache that costs microseconds, and no queue can grow. */
function beginFile(path: string, notes: Notes): OutputFile {
  let fd: number | undefined;
  let broken = false;
  const attempt = (act: () => void) => {
    try {
      if (!broken) act();
    } catch (failure) {
      broken = true;
      notes.warn("output could not be written", { path, why: causeOf(failure).why });
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
