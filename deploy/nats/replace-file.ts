import { randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { causeOf, Fault } from "@shoal/core";

// The file contains passwords: only its owner has access.
const ownerOnly = 0o600;

/**
 * Replaces a file by this text, atomically: a server that reads it meanwhile, or a power cut, finds the old or the new text. Owner and
 * permissions stay; only its owner has access to a new file. Throws Fault CONFIG_INVALID on failure.
 */
export function replaceFile(path: string, text: string): void {
  const beside = `${path}.${randomUUID()}.new`;
  try {
    write(beside, text, statSync(path, { throwIfNoEntry: false }));
    renameSync(beside, path);
  } catch (failure) {
    rmSync(beside, { force: true });
    throw new Fault("CONFIG_INVALID", `--out: cannot write ${path}: ${causeOf(failure).why}`, { cause: failure });
  }
}

function write(path: string, text: string, before: Stats | undefined): void {
  const file = openSync(path, "wx", ownerOnly);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (before === undefined) return;
  chownSync(path, before.uid, before.gid);
  chmodSync(path, before.mode & 0o777);
}
