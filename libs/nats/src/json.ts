const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Data as JSON in UTF-8: how the log and the buckets keep it. The same data with its keys in the same order gives the same bytes, and
 * fields that are undefined are left out.
 */
export function encodeJson(data: object): Uint8Array {
  return Buffer.from(JSON.stringify(data));
}

/**
 * Reads JSON; undefined when the bytes are none. A field named `__proto__` is a field like others: whoever copies fields one by one
 * has to keep it so.
 */
export function decodeJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

/** Whether data is an object with fields, as opposed to a list, a text or nothing. */
export function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
