import { posix } from "node:path";
import { Bug } from "@shoal/core";

/** One line of a node's allow list. */
export interface Allowed {
  /** The pattern as written, without the rights. */
  readonly pattern: string;
  readonly mayWrite: boolean;
  matches(path: string): boolean;
}

const rights = /:(ro|rw)$/;

/** Why a line of an allow list is invalid, or undefined when it is valid. For the configuration. */
export function unreadable(line: string): string | undefined {
  const pattern = line.replace(rights, "");
  if (!posix.isAbsolute(pattern)) return `"${line}" is not absolute; write it like /data/**:ro`;
  if (pattern.split("/").includes("..")) return `"${line}" contains ".."; write the resolved path`;
  return undefined;
}

/**
 * Parses a line `path[:ro|:rw]`, read-only without a suffix. In the path `*` matches any part of one name, `?` one
 * character of a name, and `**` any number of folders, including none: `/data/**` is `/data` and everything below.
 */
export function allowed(line: string): Allowed {
  const why = unreadable(line);
  if (why !== undefined) throw new Bug(why);
  const pattern = posix.normalize(line.replace(rights, "")).replace(/(?<=.)\/$/, "");
  const expression = new RegExp(`^${pattern.split("/").slice(1).map(segment).join("")}$`);
  return {
    pattern,
    mayWrite: rights.exec(line)?.[1] === "rw",
    matches: (path) => expression.test(path === "/" ? "" : path),
  };
}

/** The part of a pattern before its first wildcard: an existing folder or file. */
export function fixedPart(pattern: string): string {
  const parts = pattern.split("/");
  const wild = parts.findIndex((part) => /[*?]/.test(part));
  return (wild === -1 ? parts : parts.slice(0, wild)).join("/") || "/";
}

function segment(text: string): string {
  if (text === "**") return "(?:/[^/]+)*";
  if (text === "") return "";
  return `/${text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll(/\*+/g, "[^/]*")
    .replaceAll("?", "[^/]")}`;
}
