import { posix, sep } from "node:path";
import { TarRefusal } from "./tar-refusal.ts";

// Characters of a name, as the kernel limits a path.
const nameMaxLength = 4096;

/** The path of an entry's name below the archive's folder, "" for the folder itself. Throws TarRefusal for a name that leaves it. */
export function innerName(name: string): string {
  const parts = plain(name)
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  // A backslash is part of a name on POSIX systems, and a separator on Windows.
  if (parts.some((part) => part.split("\\").includes("..") || (sep === "\\" && part.includes(sep)))) throw leaves(name);
  return parts.join("/");
}

/**
 * The target of a symbolic link of this entry. `..` is allowed only at its beginning, and only up to the archive's folder: after a
 * folder that is itself a link, `..` could lead out of it. Throws TarRefusal for any other target.
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

function leaves(name: string): TarRefusal {
  const shown = JSON.stringify(name.slice(0, 200));
  const why = `contains ${shown}, which leads out of its folder; only relative names inside it are allowed`;
  return new TarRefusal("unusable", why);
}
