import { posix } from "node:path";
import { Fault } from "@shoal/core";

// Characters of a name, as the kernel limits a path.
const nameMaxLength = 4096;

/** The path below the archive's own folder that an entry's name means, "" for the folder itself. Throws a Fault for a name that leaves it. */
export function innerName(name: string): string {
  const parts = plain(name).split("/");
  if (parts.includes("..")) throw leaves(name);
  return parts.filter((part) => part !== "" && part !== ".").join("/");
}

/**
 * What a symbolic link of this entry may point to. It may go up only at its beginning, and only as far as the archive's own folder: behind a
 * folder that is itself a link, going up would lead to where the eye does not follow. Throws a Fault for any other.
 */
export function innerTarget(entry: string, target: string): string {
  const parts = plain(target).split("/");
  const up = parts.findIndex((part) => part !== "..");
  const rest = up === -1 ? [] : parts.slice(up);
  const depth = entry.split("/").length - 1;
  if (rest.includes("..") || parts.length - rest.length > depth) throw leaves(`${entry} -> ${target}`);
  return target;
}

function plain(name: string): string {
  if (name === "" || name.length > nameMaxLength || name.includes("\0") || posix.isAbsolute(name)) throw leaves(name);
  return name;
}

function leaves(name: string): Fault {
  const why = `the archive holds "${name.slice(0, 200)}", which would lead out of its folder; only relative names inside it are allowed`;
  return new Fault("INPUT_UNAVAILABLE", why);
}
