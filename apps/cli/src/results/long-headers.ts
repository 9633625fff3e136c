import type { Extract } from "tar-stream";
import { CliError } from "../failure.ts";

// The same limits as the node has for archives that it takes in: two names of 4,096 bytes and as much again.
const headerMaxBytes = 16_384;
// tar writes at most one each of: a global header, a long name, a long link, a header of the entry itself.
const headersPerEntryMax = 4;

/** Bounds pax headers and long names, which are no entries and are counted by nothing else; tar-stream has no setting for it. */
export function boundLongHeaders(entries: Extract): void {
  const decode: unknown = Reflect.get(entries, "_decodeLongHeader");
  let count = 0;
  entries.on("entry", () => {
    count = 0;
  });
  Reflect.set(entries, "_decodeLongHeader", (bytes: Uint8Array) => {
    count += 1;
    if (count > headersPerEntryMax || bytes.length > headerMaxBytes) {
      throw new CliError(
        "TOO_LARGE",
        `the result holds ${count} headers for one entry, one of ${bytes.length} bytes`,
        "",
      );
    }
    if (typeof decode === "function") Reflect.apply(decode, entries, [bytes]);
  });
}
