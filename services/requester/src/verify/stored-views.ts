import type { ViewEntry, ViewStore } from "@shoal/core";

/** Receives the entries of a bucket. */
export interface EntryReader {
  /** All entries are delivered from the beginning, at first and whenever some may have been missed. */
  begins(): void;
  /**
   * The current value of a key, also after each change; undefined when it was removed. Bytes are valid only during the
   * call.
   */
  deliver(key: string, bytes: Uint8Array | undefined): void;
  /** A promise while the reader is busy. It must not reject. */
  room?(): Promise<void> | undefined;
}

/** The stored views, byte for byte. */
export interface StoredViews {
  /** Delivers every entry of a bucket as it is stored now. Throws Fault LOG_UNREACHABLE. */
  read(bucket: string, reader: EntryReader): Promise<void>;
  /** The canonical bytes of an entry. */
  encode(entry: ViewEntry): Uint8Array;
  /** Undefined when the bytes are not an entry. */
  decode(bytes: Uint8Array): ViewEntry | undefined;
}

/** View stores by bucket. */
export type Stores = Readonly<Record<string, ViewStore>>;

/** Views read through their stores: equal entries have equal bytes here, whatever bytes the store has. */
export function viewsOf(stores: Stores): StoredViews {
  return {
    async read(bucket, reader) {
      reader.begins();
      const watch = await stores[bucket]?.watch(">", {
        changed: (key, entry) => reader.deliver(key, entry === undefined ? undefined : encodeText(entry)),
        ready: () => undefined,
      });
      await watch?.caughtUp().finally(() => watch.close());
    },
    encode: encodeText,
    decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
  };
}

const encodeText = (entry: ViewEntry): Uint8Array => Buffer.from(JSON.stringify(entry));
