const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Encodes data as JSON in UTF-8, the format of the log and the buckets. The same data with its keys in the same order gives the same
 * bytes. Fields that are undefined are left out.
 */
export function encodeJson(data: object): Uint8Array {
  return Buffer.from(JSON.stringify(data));
}

/**
 * Reads JSON; undefined when the bytes are not JSON. `__proto__` is an ordinary field here: code that copies fields one by one has to
 * keep it one.
 */
export function decodeJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

/** Whether data is an object, and not an array, a primitive or null. */
export function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
