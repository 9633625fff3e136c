/** The parts of a data: URI, or why it cannot be read. The text after the comma has its declared encoding. */
export type DataUri =
  | { readonly mediaType: string; readonly body: string; readonly isBase64: boolean }
  | { readonly mediaType?: undefined; readonly why: string };

const scheme = /^data:([^,]*),/i;
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
// The type of a URI without one, by RFC 2397.
const defaultType = "text/plain";

/**
 * Parses a data: URI (RFC 2397): percent-encoded or base64, with either alphabet. Strict, while the decoders of
 * platforms ignore invalid characters. Percent codes of a base64 text are decoded.
 */
export function dataUri(text: string): DataUri {
  const head = scheme.exec(text);
  if (head === null) return { why: "expected a data: URI, such as data:text/plain;base64,aGVsbG8=" };
  const [type = "", ...settings] = (head[1] ?? "").split(";").map((part) => part.trim().toLowerCase());
  const isBase64 = settings.includes("base64");
  const body = isBase64 ? fromPercent(text.slice(head[0].length)) : text.slice(head[0].length);
  if (isBase64 ? !base64.test(body) : isCutPercent(body))
    return { why: "the data after the comma does not have the encoding that the data: URI declares" };
  return { mediaType: type === "" ? defaultType : type, body, isBase64 };
}

/** Invalid codes are left as they are; base64 has no percent sign. */
const fromPercent = (body: string): string =>
  body.includes("%")
    ? body.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : body;

const isCutPercent = (body: string): boolean => /%(?![0-9a-fA-F]{2})/.test(body);
