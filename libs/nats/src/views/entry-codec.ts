import type { ViewEntry } from "@shoal/core";
import { decodeJson, encodeJson, isRecord } from "../json.ts";

/** The bytes of an entry as a bucket keeps them: the same entry with its fields in the same order gives the same bytes. */
export function encodeEntry(entry: ViewEntry): Uint8Array {
  return encodeJson(entry);
}

/** Reads an entry; undefined when the bytes are none. */
export function decodeEntry(bytes: Uint8Array): ViewEntry | undefined {
  const data = decodeJson(bytes);
  return isViewEntry(data) ? data : undefined;
}

function isViewEntry(data: unknown): data is ViewEntry {
  return isRecord(data) && typeof data["seq"] === "number";
}
