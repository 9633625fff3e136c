import { Packr } from "msgpackr";

// Plain maps with their names written out: what is stored for decades must be readable by any msgpack reader, without
// the tables that would make it smaller.
const packr = new Packr({ useRecords: false, mapsAsObjects: true });

/** Plain data as MessagePack. The same data with its keys in the same order gives the same bytes. */
export function encode(data: unknown): Uint8Array {
  return packr.pack(data);
}

/** Reads MessagePack; throws when the bytes are not whole. What comes out is unknown until a schema has looked at it. */
export function decode(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

/** Reads MessagePack, or undefined when the bytes are none. */
export function tryDecode(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch {
    return undefined;
  }
}

/** Whether data is an object with fields, as opposed to a list, a text or nothing. */
export function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
