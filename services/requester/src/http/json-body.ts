import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "@shoal/core";
import { isShallow, levelsMax } from "@shoal/proto";
import { apiLimits } from "./limits.ts";

/** Reads a JSON body; undefined when it is empty. Throws Fault BAD_REQUEST, UNSUPPORTED_MEDIA. */
export function jsonBody(bytes: Buffer, headers: IncomingHttpHeaders): unknown {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new Fault("UNSUPPORTED_MEDIA", `expected a body without content encoding, got ${encoding}`);
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new Fault("BAD_REQUEST", "the body is not valid UTF-8");
  // Checked before it is parsed: parsing time depends on the number of values, not on their length.
  const { bodyValues } = apiLimits;
  if (countValues(bytes, bodyValues) > bodyValues)
    throw new Fault("BAD_REQUEST", `expected a body of at most ${bodyValues} values in lists and objects, got more`);
  const json = parse(bytes.toString());
  if (!isShallow(json))
    throw new Fault("BAD_REQUEST", `expected a body of at most ${levelsMax} levels of lists and objects, got more`);
  return json;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    // Without the part of the text that some messages quote: it may be a secret.
    const place = why.replace(/, (\.{3})?".*"(\.{3})? is not valid JSON$/s, "");
    throw new Fault("BAD_REQUEST", `the body is not valid JSON: ${place}`);
  }
}

const code = (character: string): number => character.charCodeAt(0);
const [quote, backslash] = [code('"'), code("\\")];
const begins: ReadonlySet<number> = new Set([",", "[", "{"].map(code));

/**
 * The maximum number of values that a JSON text has, counted up to one more than `most`; the text need not be valid.
 */
export function countValues(bytes: Uint8Array, most: number): number {
  let count = 1;
  let inText = false;
  for (let at = 0; at < bytes.length && count <= most; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) inText = !inText;
    else if (inText && byte === backslash) at += 1;
    else if (!inText && begins.has(byte)) count += 1;
  }
  return count;
}
