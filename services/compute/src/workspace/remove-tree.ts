import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import { systemCodeOf } from "../disk-fault.ts";

const run = promisify(execFile);
// Of the messages of one that fails, the first says why.
const outputMaxBytes = 65_536;

/**
 * Removes a folder that a task has written, with everything in it; succeeds when there is none. Throws the system's
 * errors.
 *
 * A task may make folders whose paths are longer than the system takes (4096 bytes): Node's `rm` names each entry by its
 * path and fails, and the program goes from folder to folder.
 */
export async function removeTree(folder: string): Promise<void> {
  try {
    // A second attempt handles races with a program that is still ending.
    await rm(folder, { recursive: true, force: true, maxRetries: 2 });
  } catch (failure) {
    if (systemCodeOf(failure) !== "ENAMETOOLONG") throw failure;
    await run("rm", ["-rf", "--", folder], { maxBuffer: outputMaxBytes });
  }
}
