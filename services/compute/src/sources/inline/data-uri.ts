/** What a data: URI holds, or why it cannot be read. */
export type DataUri =
  | { readonly mediaType: string; readonly bytes: Buffer }
  | { readonly mediaType?: undefined; readonly why: string };

const scheme = /^data:([^,]*),/i;
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
// What RFC 2397 says a URI without a type means.
const defaultType = "text/plain";

/** Reads a data: URI (RFC 2397): percent-encoded or base64, with either alphabet. Strict, where the platform's own decoder drops what it does not know. */
export function dataUri(text: string): DataUri {
  const head = scheme.exec(text);
  if (head === null) return { why: "an inline input is a data: URI, like data:text/plain;base64,aGVsbG8=" };
  const [type = "", ...settings] = (head[1] ?? "").split(";").map((part) => part.trim().toLowerCase());
  const body = text.slice(head[0].length);
  const bytes = settings.includes("base64") ? fromBase64(body) : fromPercent(body);
  if (bytes === undefined) return { why: "the data after the comma is not encoded as the data: URI says" };
  return { mediaType: type === "" ? defaultType : type, bytes };
}

function fromBase64(body: string): Buffer | undefined {
  const text = body.includes("%") ? fromPercent(body)?.toString("latin1") : body;
  return text !== undefined && base64.test(text) ? Buffer.from(text, "base64") : undefined;
}

/** Bytes, not text: `%ff` is a byte that no text holds. */
function fromPercent(body: string): Buffer | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(body)) return undefined;
  const bytes = Buffer.from(body, "utf8").toString("latin1");
  return Buffer.from(
    bytes.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}
