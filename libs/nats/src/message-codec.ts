import { levelsMax } from "@shoal/proto";
import { Packr } from "msgpackr";

// Plain MessagePack maps, without the library's extensions: no records, no references.
const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true, structuredClone: false });

/** Maximum size of a message in bytes: `max_payload` of the server's configuration here. */
export const messageBytesMax = 1_048_576;

/** Encodes plain data as MessagePack, for messages that are sent and not stored. */
export function encodeMessage(data: unknown): Uint8Array {
  return packr.pack(data);
}

/**
 * Reads a message of another process; undefined when it is not MessagePack, has more than `levelsMax` levels, or contains values that
 * JSON does not have: it may be stored in the log. A schema checks it next.
 */
export function decodeMessage(bytes: Uint8Array): unknown {
  if (bytes.length > messageBytesMax) return undefined;
  try {
    const data: unknown = packr.unpack(bytes);
    return isJson(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** Walks level by level, so that deep data does not overflow the call stack. */
function isJson(data: unknown): boolean {
  let level: readonly unknown[] = [data];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levelsMax || !level.every(isPlain)) return false;
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return true;
}

function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
  return value === null || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
