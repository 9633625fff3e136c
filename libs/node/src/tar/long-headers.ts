import type { Extract } from "tar-stream";
import { TarRefusal } from "./tar-refusal.ts";

// Two names of 4,096 bytes, the kernel's path limit, and the same size for times and owners; tar-stream itself allows 4 MiB.
const headerMaxBytes = 16_384;
// tar writes at most one global header, one long name, one long link and one header of the entry itself.
const headersPerEntryMax = 4;

/**
 * Bounds the headers before an entry: pax headers and long names, which are not counted as entries. A global header is copied into each
 * later entry, so that a large one multiplies. tar-stream has no setting for it; a test verifies that its method is still called.
 */
export function boundLongHeaders(entries: Extract): void {
  const decode: unknown = Reflect.get(entries, "_decodeLongHeader");
  let count = 0;
  entries.on("entry", () => {
    count = 0;
  });
  Reflect.set(entries, "_decodeLongHeader", (bytes: Uint8Array) => {
    count += 1;
    if (count > headersPerEntryMax) throw tooLarge(`more than ${headersPerEntryMax} headers for one entry`);
    if (bytes.length > headerMaxBytes) throw tooLarge(`a header of ${bytes.length} bytes, limit ${headerMaxBytes}`);
    if (typeof decode === "function") Reflect.apply(decode, entries, [bytes]);
  });
}

const tooLarge = (what: string): TarRefusal => new TarRefusal("too large", `contains ${what}`);
