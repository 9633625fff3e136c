import type { ViewEntry } from "@shoal/core";
import { decodeJson, encodeJson, isRecord } from "../json.ts";

// The version of an entry's form. It also tells entries from what a server was made to answer into a bucket, which is JSON as well and
// has a `seq` (docs/notes/rights.md).
const entryVersion = 1;

/** The bytes of an entry as a bucket keeps them: the same entry with its fields in the same order gives the same bytes. */
export function encodeEntry(entry: ViewEntry): Uint8Array {
  return encodeJson({ v: entryVersion, ...entry });
}

/** Reads an entry; undefined when the bytes are none. */
export function decodeEntry(bytes: Uint8Array): ViewEntry | undefined {
  const data = decodeJson(bytes);
  if (!isRecord(data) || data["v"] !== entryVersion) return undefined;
  const { v: _, ...entry } = data;
  return isViewEntry(entry) ? entry : undefined;
}

function isViewEntry(data: Readonly<Record<string, unknown>>): data is ViewEntry {
  return typeof data["seq"] === "number";
}
