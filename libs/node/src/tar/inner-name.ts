import { posix, sep } from "node:path";
import { TarRefusal } from "./tar-refusal.ts";

// Characters of a name, as the kernel limits a path.
const nameMaxLength = 4096;

/** The path below the archive's folder that an entry's name means, "" for the folder itself. Throws TarRefusal for a name that leaves it. */
export function innerName(name: string): string {
  const parts = plain(name)
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  // A backslash is part of a name on POSIX systems, and between names on Windows.
  if (parts.some((part) => part.split("\\").includes("..") || (sep === "\\" && part.includes(sep)))) throw leaves(name);
  return parts.join("/");
}

/**
 * What a symbolic link of this entry may point to. It may go up only at its beginning, and only as far as the archive's folder: behind a
 * folder that is itself a link, going up would lead to where the eye does not follow. Throws TarRefusal for any other.
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
  const why = `holds ${shown}, which would lead out of its folder; only relative names inside it are allowed`;
  return new TarRefusal("unusable", why);
}
