/** The content of a data: URI, or why it cannot be read. */
export type DataUri =
  | { readonly mediaType: string; readonly bytes: Buffer }
  | { readonly mediaType?: undefined; readonly why: string };

const scheme = /^data:([^,]*),/i;
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
// The type of a URI without one, by RFC 2397.
const defaultType = "text/plain";

/**
 * Parses a data: URI (RFC 2397): percent-encoded or base64, with either alphabet. Strict, while the platform's decoder
 * ignores invalid characters.
 */
export function dataUri(text: string): DataUri {
  const head = scheme.exec(text);
  if (head === null) return { why: "expected a data: URI, such as data:text/plain;base64,aGVsbG8=" };
  const [type = "", ...settings] = (head[1] ?? "").split(";").map((part) => part.trim().toLowerCase());
  const body = text.slice(head[0].length);
  const bytes = settings.includes("base64") ? fromBase64(body) : fromPercent(body);
  if (bytes === undefined)
    return { why: "the data after the comma does not have the encoding that the data: URI declares" };
  return { mediaType: type === "" ? defaultType : type, bytes };
}

function fromBase64(body: string): Buffer | undefined {
  const text = body.includes("%") ? fromPercent(body)?.toString("latin1") : body;
  return text !== undefined && base64.test(text) ? Buffer.from(text, "base64") : undefined;
}

/** Bytes, not text: `%ff` is a byte that is not valid text. */
function fromPercent(body: string): Buffer | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(body)) return undefined;
  const bytes = Buffer.from(body, "utf8").toString("latin1");
  return Buffer.from(
    bytes.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}
