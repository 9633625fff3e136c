import { levelsMax } from "@shoal/proto";
import { Packr } from "msgpackr";

// Maps with their names written out, and none of what the library adds to MessagePack: no records, no references.
const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true, structuredClone: false });

/** The most bytes that are read: the payload of a NATS server as it is set up here (`max_payload`). */
export const messageBytesMax = 1_048_576;

/** Plain data as MessagePack, for messages that travel and are not kept. */
export function encodeMessage(data: unknown): Uint8Array {
  return packr.pack(data);
}

/**
 * Reads a message that came from elsewhere; undefined when it is no MessagePack, when it has more than `levelsMax` levels, or holds what
 * JSON has not: it may end up in the log. A schema looks at it next.
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

/** Walks level by level, so that no depth of data is a depth of calls. */
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
