import type { ViewEntry, ViewStore } from "@shoal/core";

/** Who is told the entries of a bucket. */
export interface EntryReader {
  /** All is told from the beginning, at first and whenever some of it may have been missed. */
  begins(): void;
  /** What a key holds now, and again when it changes meanwhile; nothing where it was removed. */
  deliver(key: string, bytes: Uint8Array | undefined): void;
  /** A promise while the reader has enough to do; when it rejects, so does the reading. */
  room(): Promise<void> | undefined;
}

/** The views as they are kept, byte for byte. */
export interface KeptViews {
  /** Tells every entry of a bucket as it stands now. Throws Fault LOG_UNREACHABLE. */
  read(bucket: string, reader: EntryReader): Promise<void>;
  /** The same bucket as entries, for those that are being written just now. */
  store(bucket: string): ViewStore;
  /** The bytes that an entry is kept as. */
  encode(entry: ViewEntry): Uint8Array;
}
