import type { Extract } from "tar-stream";
import { TarRefusal } from "./tar-refusal.ts";

// Two names of 4,096 bytes, the longest path of the kernel, and as much again for times and owners; tar-stream alone takes 4 MiB.
const headerMaxBytes = 16_384;
// tar writes at most one each of: a global header, a long name, a long link, a header of the entry itself.
const headersPerEntryMax = 4;

/**
 * Bounds what precedes an entry: pax headers and long names, which are no entries and are counted by nothing else. A global one is
 * copied into each that follows, so that a large one multiplies. tar-stream has no setting for it; a test shows that its method is still called.
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

const tooLarge = (what: string): TarRefusal => new TarRefusal("too large", `holds ${what}`);
