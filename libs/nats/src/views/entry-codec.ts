import type { ViewEntry } from "@shoal/core";
import { decodeJson, encodeJson, isRecord } from "../json.ts";

// The version of the entry format. It also distinguishes entries from replies that a client made the server publish into a bucket, which
// are JSON as well and have a `seq` (docs/notes/rights.md).
const entryVersion = 1;

/** Encodes an entry for a bucket: the same entry with its fields in the same order gives the same bytes. */
export function encodeEntry(entry: ViewEntry): Uint8Array {
  return encodeJson({ v: entryVersion, ...entry });
}

/** Reads an entry; undefined when the bytes are not one. */
export function decodeEntry(bytes: Uint8Array): ViewEntry | undefined {
  const data = decodeJson(bytes);
  if (!isRecord(data) || data["v"] !== entryVersion) return undefined;
  const { v: _, ...entry } = data;
  return isViewEntry(entry) ? entry : undefined;
}

function isViewEntry(data: Readonly<Record<string, unknown>>): data is ViewEntry {
  return typeof data["seq"] === "number";
}
