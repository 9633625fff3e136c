import type { ViewEntry, ViewStore } from "@shoal/core";

/** The views as they are kept, byte for byte. */
export interface KeptViews {
  /** Every entry of a bucket as it stands now. Throws Fault LOG_UNREACHABLE. */
  all(bucket: string): Promise<readonly KeptEntry[]>;
  /** The same bucket as entries, for those that are being written just now. */
  store(bucket: string): ViewStore;
  /** The bytes that an entry is kept as. */
  encode(entry: ViewEntry): Uint8Array;
  /** The entry that bytes are; undefined when they are none. */
  decode(bytes: Uint8Array): ViewEntry | undefined;
}

export interface KeptEntry {
  readonly key: string;
  readonly bytes: Uint8Array;
}
