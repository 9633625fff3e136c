import { Packr } from "msgpackr";
import { FrozenParts } from "./frozen-parts.ts";
import { fits, heads } from "./heads.ts";
import { PlainReader } from "./plain-reader.ts";
import { PlainWriter } from "./plain-writer.ts";
import { unusual } from "./unusual.ts";

// Plain maps with their names written out: what is stored for decades must be readable by any msgpack reader, without
// the tables that would make it smaller.
const packr = new Packr({ useRecords: false, mapsAsObjects: true });

// They do what the library does with what is usual in a log, in half its time; the rest they leave to it.
const parts = new FrozenParts();
const writer = new PlainWriter(parts);
const reader = new PlainReader((whole) => parts.add(whole, (value) => writer.write(value)));

/** Plain data as MessagePack. The same data with its keys in the same order gives the same bytes. */
export function encode(data: unknown): Uint8Array {
  return writer.write(data) ?? packr.pack(data);
}

/** A list of what is encoded already: what goes to several readers is encoded once. */
export function joinList(items: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([headOf(items.length, listHeads), ...items]);
}

/** A map of what is encoded already. */
export function joinMap(fields: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const pairs = Object.entries(fields);
  return Buffer.concat([headOf(pairs.length, mapHeads), ...pairs.flatMap(([name, value]) => [encode(name), value])]);
}

// How a list and a map begin: with the length in the first byte, or in 2 or 4 bytes behind it.
const listHeads = { short: heads.list, two: heads.list16, four: heads.list32 } as const;
const mapHeads = { short: heads.map, two: heads.map16, four: heads.map32 } as const;

function headOf(length: number, { short, two, four }: typeof listHeads | typeof mapHeads): Uint8Array {
  if (length < fits.many) return Uint8Array.of(short | length);
  const isShort = length < fits.two;
  const head = Buffer.alloc(isShort ? 3 : 5, isShort ? two : four);
  if (isShort) head.writeUInt16BE(length, 1);
  else head.writeUInt32BE(length, 1);
  return head;
}

/** Reads MessagePack; throws when the bytes are not whole. What comes out is unknown until a schema has looked at it. */
export function decode(bytes: Uint8Array): unknown {
  const data = reader.read(bytes);
  return data === unusual ? packr.unpack(bytes) : data;
}

/** Reads MessagePack, or undefined when the bytes are none. */
export function tryDecode(bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether data is an object with fields, as opposed to a list, a text or nothing. */
export function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
